public import Dataflow

/// What the operators of a job counted besides records, one line an operator.
public struct CountsTable: Sendable {
  private let counts: [NamedCount]

  /// - Parameter counts: as `JobRunner.Result` gives them.
  public init(_ counts: [NamedCount]) { self.counts = counts }

  /// `redacted: email 89216, ipv4 554270`, one line an operator; empty when nothing was counted.
  public var text: String {
    var lines: [(id: String, parts: [String])] = []
    for count in counts where count.count > 0 {
      let part = "\(count.name) \(count.count)"
      if let index = lines.firstIndex(where: { $0.id == count.id }) {
        lines[index].parts.append(part)
      } else {
        lines.append((count.id, [part]))
      }
    }
    return lines.map { "\($0.id): \($0.parts.joined(separator: ", "))" }.joined(separator: "\n")
  }
}
