internal import Dataflow
internal import Synchronization

/// Appends the rows of durable epochs to a `local` topic, each epoch together with its ledger row.
///
/// Both stand in the topic's commit, which is replaced as a whole: an epoch is in the topic with its row, or neither is.
final class LocalTopicCommitter: SinkCommitter {
  private struct Claim: Sendable {
    var writer: TopicCommit.Writer
    var machine: LedgerStateMachine
    var runtime: any Runtime
  }

  private let topic: LocalTopic
  private let claim = Mutex<Claim?>(nil)

  init(_ topic: LocalTopic) { self.topic = topic }

  func open(_ context: SinkContext) throws -> UInt64? {
    let writer = TopicCommit.Writer(job: context.job, sink: context.id)
    return try translated("open topic \"\(topic.name)\"") {
      let (row, last) = try topic.append(context.runtime) { append -> (LedgerRow, UInt64?) in
        switch LedgerStateMachine.claim(row: append.row(writer), isFresh: context.isFresh, lease: context.lease) {
        case .claim(let row, let lastApplied):
          append.setRow(writer, row)
          return (row, lastApplied)
        case .stateGone(let epoch):
          throw TopicRefusal(writer, topic: topic.name, home: topic.folder).stateGone(epoch)
        case .fenced(let newer):
          throw TopicRefusal(writer, topic: topic.name, home: topic.folder).fenced(by: newer, generation: context.lease ?? 0)
        }
      }
      claim.withLock { $0 = Claim(writer: writer, machine: LedgerStateMachine(generation: row.generation), runtime: context.runtime) }
      return last
    }
  }

  func apply(_ epoch: StagedEpoch) throws -> ApplyReport {
    guard let claim = claim.withLock({ $0 }) else { preconditionFailure("epoch \(epoch.epoch) applied before the topic sink was opened") }
    return try translated("apply epoch \(epoch.epoch) to topic \"\(topic.name)\"") {
      try topic.append(claim.runtime) { append in
        switch claim.machine.decide(row: append.row(claim.writer), epoch: epoch.epoch, digest: epoch.digest, begins: epoch.begins) {
        case .apply(let next):
          try write(epoch, &append)
          append.setRow(claim.writer, next)
          return ApplyReport(applied: epoch.rows)
        case .alreadyApplied:
          // The reply to an earlier attempt may have been lost before the folder was synced.
          if topic.settings.isDurable { try topic.files.syncDirectory(topic.folder) }
          return ApplyReport(applied: epoch.rows, wasApplied: true)
        case let decision:
          throw TopicRefusal(claim.writer, topic: topic.name, home: topic.folder)
            .error(decision, epoch, generation: claim.machine.generation)
        }
      }
    }
  }

  func close() {
    claim.withLock { $0 = nil }
  }

  private func write(_ epoch: StagedEpoch, _ append: inout TopicAppend) throws {
    let rows = try TopicStage.forEach(epoch.chunks) { record, bytes in
      try append.append(bytes, timestamp: record.timestamp, to: record.partition ?? append.partition(of: record.key))
    }
    try TopicRefusal.check(rows, epoch)
  }

  // MARK: Errors

  /// What failed, for the runtime: a full disk may have room later, a folder without permission will not get one by itself.
  private func translated<T>(_ what: String, _ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch let error as TopicError {
      throw SinkError("could not \(what): \(error.message)", hint: error.hint, retry: error.kind == .busy ? .withBackoff : .never)
    } catch let error as FileError {
      let isLasting = [1, 13, 20, 30, 36, 40].contains(error.errno)  // EPERM EACCES ENOTDIR EROFS ENAMETOOLONG ELOOP
      throw SinkError(
        "could not \(what): \(error)",
        hint: isLasting
          ? "sloscout must be able to write in \(topic.folder)"
          : error.isNoSpace ? "make room: the rows stay in the checkpoint until then" : "", retry: isLasting ? .never : .withBackoff)
    }
  }
}
