/// A look at records of a job over workers, as the server asks workers for it.
package struct WantedTap: Sendable, Equatable {
  /// No other look's, ever.
  package var id: Int64
  /// `step`, `step.errors` or `step.late`.
  package var edge: String
  /// Records a second that are wanted of the whole job.
  package var rate: Int

  package init(id: Int64, edge: String, rate: Int) { (self.id, self.edge, self.rate) = (id, edge, rate) }

  /// The most records a second that one of a step's shards has to hand on. Each has its share, rounded up, so that none of them is unseen: whoever asked
  /// keeps the total to what was asked for.
  package func rate(amongShards count: Int) -> Int { max(1, (rate + count - 1) / max(1, count)) }

  /// One a line, as `JobDefinitions` reads them: id, rate and edge.
  static func list(_ text: String?) -> [WantedTap] {
    (text ?? "").split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ", maxSplits: 2)
      guard words.count == 3, let id = Int64(words[0]), let rate = Int(words[1]) else { return nil }
      return WantedTap(id: id, edge: String(words[2]), rate: rate)
    }
  }
}
