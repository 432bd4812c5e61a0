public import Dataflow

/// The books of a job: for every operator, where its records went. `in = out + filtered + duplicates + late + errors`.
public struct BalanceTable: Sendable {
  private let rows: [(id: String, counters: OperatorCounters)]

  /// - Parameter totals: as `JobRunner.Result` gives them.
  public init(_ totals: [(id: String, counters: OperatorCounters)]) { rows = totals }

  /// Whether every operator's sum holds.
  public var isBalanced: Bool { rows.allSatisfy { $0.counters.imbalance == 0 } }

  /// One row an operator of the job file: what the plan made of it (decoders, the time check: `telemetry#time`) is folded into it.
  private var grouped: [(id: String, counters: OperatorCounters)] {
    var groups: [(id: String, parts: [(id: String, counters: OperatorCounters)])] = []
    for row in rows {
      let id = String(row.id.prefix { $0 != "#" })
      if let index = groups.firstIndex(where: { $0.id == id }) { groups[index].parts.append(row) } else { groups.append((id, [row])) }
    }
    return groups.map { group in
      guard let main = group.parts.first(where: { $0.id == group.id }), let last = group.parts.last else {
        return (group.id, OperatorCounters())
      }
      // Records that an earlier part refused never reached the one that counts records.
      let before = group.parts.prefix { $0.id != group.id }.map(\.counters)
      return (group.id, OperatorCounters.folded(main.counters, before: before, last: last.counters, parts: group.parts.map(\.counters)))
    }
  }

  /// A table with one line an operator, and a last line that says whether it balances.
  public var text: String {
    let titles = ["operator", "in", "out", "filtered", "duplicates", "late", "errors", "results"]
    var table = [titles]
    for (id, c) in grouped {
      table.append([id] + [c.received, c.emitted + c.absorbed, c.filtered, c.duplicates, c.late, c.errors, c.results].map { "\($0)" })
    }
    let widths = titles.indices.map { column in table.map { $0[column].count }.max() ?? 0 }
    var lines = table.map { row in
      zip(row, widths).enumerated().map { index, cell in
        let padding = String(repeating: " ", count: cell.1 - cell.0.count)
        return index == 0 ? cell.0 + padding : padding + cell.0
      }.joined(separator: "  ")
    }
    let wrong = rows.filter { $0.counters.imbalance != 0 }
    lines.append(
      wrong.isEmpty
        ? "balanced: every record that came in is accounted for"
        : "OUT OF BALANCE: \(wrong.map { "\($0.id) by \($0.counters.imbalance)" }.joined(separator: ", "))")
    return lines.joined(separator: "\n")
  }
}
