#if Kafka
internal import Dataflow
internal import Kafka
internal import Synchronization

/// Writes the rows of durable epochs into a topic, each epoch in one transaction with its ledger row in the progress topic.
///
/// The transactional id is that of the sink: a new run takes it over, and an older one can commit nothing any more. The ledger has the generation
/// besides, so that a zombie knows why.
final class KafkaTopicCommitter: SinkCommitter {
  private struct Claim: Sendable {
    var machine: LedgerStateMachine
    var row: LedgerRow?
    /// Nil after a failure that left unknown what counts.
    var transaction: KafkaTransaction?
    /// Failures that say that somebody else took over, in a row.
    var fences = 0
  }

  /// A newer run takes the id first and writes its claim a moment later. After so many looks there is none.
  private static let patience = 5

  private let client: KafkaTopicClient
  private let topic: String
  private let key = Mutex<KafkaProgress.Key?>(nil)
  private let claim = Mutex<Claim?>(nil)

  init(_ client: KafkaTopicClient, _ topic: String) {
    self.client = client
    self.topic = topic
  }

  func open(_ context: SinkContext) throws -> UInt64? {
    let key = KafkaProgress.Key(job: context.job, sink: context.id, topic: topic)
    self.key.withLock { $0 = key }
    // The producer of an earlier attempt would be fenced anyway.
    claim.withLock { $0 = nil }
    do {
      try client.ensureTopics(topic)
      let transaction = try KafkaTransaction(client, id: Self.transactionalID(key), topic: topic)
      switch LedgerStateMachine.claim(row: transaction.rows[key], isFresh: context.isFresh, lease: context.lease) {
      case .stateGone(let epoch): throw refusal(key).stateGone(epoch)
      case .fenced(let newer): throw refusal(key).fenced(by: newer, generation: context.lease ?? 0)
      case .claim(let row, let lastApplied):
        _ = try transaction.write([], [(key, row)])
        claim.withLock { $0 = Claim(machine: LedgerStateMachine(generation: row.generation), row: row, transaction: transaction) }
        return lastApplied
      }
    } catch let failure as KafkaTransaction.Failure {
      throw client.sinkError("claim topic \"\(topic)\"", failure.error)
    } catch {
      throw client.sinkError("open topic \"\(topic)\"", error)
    }
  }

  func apply(_ epoch: StagedEpoch) throws -> ApplyReport {
    guard let key = key.withLock({ $0 }) else { preconditionFailure("epoch \(epoch.epoch) applied before the topic sink was opened") }
    return try claim.withLock { claim in try apply(epoch, key, &claim) }
  }

  private func apply(_ epoch: StagedEpoch, _ key: KafkaProgress.Key, _ kept: inout Claim?) throws -> ApplyReport {
    guard var claim = kept else { preconditionFailure("epoch \(epoch.epoch) applied to a topic sink that is closed") }
    defer { kept = claim }
    do {
      let transaction = try regain(&claim, key)
      switch claim.machine.decide(row: claim.row, epoch: epoch.epoch, digest: epoch.digest, begins: epoch.begins) {
      case .apply(let next):
        _ = try transaction.write(epoch.chunks, [(key, next)]) { try TopicRefusal.check($0, epoch) }
        (claim.row, claim.fences) = (next, 0)
        return ApplyReport(applied: epoch.rows)
      case .alreadyApplied: return ApplyReport(applied: epoch.rows, wasApplied: true)
      case let decision: throw refusal(key).error(decision, epoch, generation: claim.machine.generation)
      }
    } catch let failure as KafkaTransaction.Failure {
      if case .unknown(let error) = failure {
        claim.transaction = nil
        if error.reason == .fenced {
          claim.fences += 1
          try yield(&claim, key)
        }
      }
      throw client.sinkError("apply epoch \(epoch.epoch) to topic \"\(topic)\"", failure.error)
    } catch {
      throw client.sinkError("apply epoch \(epoch.epoch) to topic \"\(topic)\"", error)
    }
  }

  func close() { claim.withLock { $0 = nil } }

  /// The transaction at hand, or a new one with what the ledger says by now.
  private func regain(_ claim: inout Claim, _ key: KafkaProgress.Key) throws -> KafkaTransaction {
    if let transaction = claim.transaction { return transaction }
    if claim.fences > 0 {
      try yield(&claim, key)
      guard claim.fences >= Self.patience else {
        claim.fences += 1
        throw SinkError(
          "another run took the transactional id of topic \"\(topic)\" over, and has not claimed the sink yet",
          hint: "let only one run of the job write into it", retry: .withBackoff)
      }
    }
    let transaction = try KafkaTransaction(client, id: Self.transactionalID(key), topic: topic)
    claim.transaction = transaction
    claim.row = transaction.rows[key]
    return transaction
  }

  /// Gives up when a newer run has claimed the sink. Looking does not disturb it. Throws `SinkError`.
  private func yield(_ claim: inout Claim, _ key: KafkaProgress.Key) throws {
    let rows: [KafkaProgress.Key: LedgerRow]
    do { rows = try KafkaProgress(client).read() } catch { throw client.sinkError("read the ledger", error) }
    guard let row = rows[key], row.generation > claim.machine.generation else { return }
    claim.row = row
    throw refusal(key).fenced(by: row.generation, generation: claim.machine.generation)
  }

  /// Stable: whoever has it next fences the one before.
  private static func transactionalID(_ key: KafkaProgress.Key) -> String { "sloscout/\(key.job)/\(key.sink)/\(key.topic)/\(key.shard)" }

  private func refusal(_ key: KafkaProgress.Key) -> TopicRefusal {
    TopicRefusal(
      TopicCommit.Writer(job: key.job, sink: key.sink), topic: topic, home: "the topics \(topic) and \(client.options.progressTopic)")
  }
}
#endif
