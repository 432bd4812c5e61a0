package import Dataflow

/// What a cut of a job that is over has left: checkpoints that the next one has copies of, the places of its shards, and the topics between them.
///
/// Nothing that a savepoint needs is removed: a savepoint in the place of a shard may stand for a moment at which frames were under way to it, so it keeps the
/// topics and the places of the whole cut.
package struct FormerCut {
  private let topics: ExchangeTopics
  private let cut: StageCut
  private let store: (_ shard: String) throws -> ReplicatedCheckpointStore

  /// - Parameters:
  ///   - topics: those of the cut that is over.
  ///   - cut: the job's stages, which all of its cuts have in common.
  ///   - store: where the checkpoints of a shard are.
  package init(_ topics: ExchangeTopics, _ cut: StageCut, store: @escaping (_ shard: String) throws -> ReplicatedCheckpointStore) {
    (self.topics, self.cut, self.store) = (topics, cut, store)
  }

  /// Removes all of it. Whatever it is killed in, the next one goes on with the rest.
  ///
  /// - Parameter isNeeded: whether a savepoint of that name is one that somebody may go back to.
  /// - Returns: the savepoints for which topics and places stay; none when all is gone.
  /// - Throws: what the stores and the system of the topics throw.
  package func remove(isNeeded: (_ savepoint: String) -> Bool) throws -> [String] {
    let stores = try topics.layout.shards(of: topics.job, stages: cut.stages).map { (name: $0.name, store: try store($0.name)) }
    var kept: [String] = []
    for (name, store) in stores {
      for savepoint in try store.savepoints() {
        if isNeeded(savepoint) { kept.append("\(name)/\(savepoint)") } else { try store.removeSavepoint(savepoint) }
      }
      try store.removeCheckpoints()
    }
    guard kept.isEmpty else { return kept }
    for edge in cut.edges { try topics.client.remove(topics.topic(edge)) }
    for (_, store) in stores { try store.vacate() }
    return []
  }
}
