internal import Dataflow

extension ShardedJob {
  /// What must not change while the job has state: how many shards each stage has, and what travels between the stages.
  public var layout: (counts: String, layout: String) {
    let counts = Dictionary(grouping: shards, by: \.stage).sorted { $0.key < $1.key }.map { "\($0.value.count)" }.joined(separator: ",")
    return (counts, cut.layout)
  }

  /// The names of the exchanges: state under these is no step's.
  public var exchanges: [String] { cut.edges.map(\.name) }
}
