internal import Dataflow
internal import Synchronization

/// Keeps the newest values of a sink, as of the newest complete checkpoint.
final class PrometheusCommitter: SinkCommitter {
  private let exposition = Mutex(Exposition())

  init() { OpenExpositions.add(self) }

  /// Nothing is kept from one run to the next: what checkpoints have staged is shown again.
  func open(_ context: SinkContext) throws -> UInt64? { nil }

  func apply(_ epoch: StagedEpoch) throws -> ApplyReport {
    try exposition.withLock { exposition in
      for chunk in epoch.chunks { try chunk.withUnsafeBytes { try exposition.take($0) } }
    }
    return ApplyReport(applied: epoch.rows)
  }

  func close() {}

  /// All samples in the text format.
  var text: String { exposition.withLock { $0.text } }
}

/// Samples by family, in the order in which they first came.
private struct Exposition {
  private struct Family {
    var type: String
    var help: String
    var samples: [(name: String, value: Double)] = []
    var numbers: [String: Int] = [:]
  }

  private var families: [String: Family] = [:]

  /// Takes staged rows over.
  mutating func take(_ bytes: UnsafeRawBufferPointer) throws {
    var reader = ByteReader(bytes)
    while !reader.isAtEnd {
      let (name, type, help) = (try reader.text(), try reader.text(), try reader.text())
      let sample = try reader.text() + reader.text()
      let value = Double(bitPattern: try reader.integer())
      var family = families.removeValue(forKey: name) ?? Family(type: type, help: help)
      if let number = family.numbers[sample] {
        family.samples[number].value = value
      } else {
        family.numbers[sample] = family.samples.count
        family.samples.append((sample, value))
      }
      families[name] = family
    }
  }

  var text: String {
    families.sorted { $0.key < $1.key }.map { name, family in
      (family.help.isEmpty ? "" : "# HELP \(name) \(family.help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n"))\n")
        + (family.type.isEmpty ? "" : "# TYPE \(name) \(family.type)\n")
        + family.samples.map { "\($0.name) \(Self.number($0.value))\n" }.joined()
    }.joined()
  }

  private static func number(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf" }
    return value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
  }
}

/// What the sinks of this process show. Process-wide, because a scrape is a question to the process, and a sink has no way to its job.
package enum OpenExpositions {
  private struct Entry {
    weak var committer: PrometheusCommitter?
  }
  private static let entries = Mutex<[Entry]>([])

  static func add(_ committer: PrometheusCommitter) {
    entries.withLock { entries in
      entries.removeAll { $0.committer == nil }
      entries.append(Entry(committer: committer))
    }
  }

  /// All of it, in the text format of Prometheus; empty without a sink.
  package static var text: String { entries.withLock { $0.compactMap(\.committer) }.map(\.text).joined() }
}
