internal import Dataflow
internal import Synchronization

/// Sends the frames of durable checkpoints. There is no ledger: frames are numbered, so to send them again does no harm, and after a start all that
/// the kept checkpoints staged are sent again.
///
/// A worker that lost its lease can only send what stands in a checkpoint of the shard, which its successor sends as well: it needs no fence.
final class ExchangeCommitter: SinkCommitter {
  private let client: any TopicClient
  private let topic: String
  private let appender = Mutex<(any TopicAppender)?>(nil)

  init(_ client: any TopicClient, _ topic: String) {
    self.client = client
    self.topic = topic
  }

  func open(_ context: SinkContext) throws -> UInt64? {
    let made = try translated("open") { try client.makeAppender(topic, context.runtime) }
    appender.withLock { $0 = made }
    return nil
  }

  func apply(_ epoch: StagedEpoch) throws -> ApplyReport {
    guard let appender = appender.withLock({ $0 }) else {
      preconditionFailure("epoch \(epoch.epoch) applied before the exchange was opened")
    }
    let chunks = epoch.chunks.filter { !$0.isEmpty }
    let sent = chunks.isEmpty ? 0 : try translated("append to") { try appender.append(chunks) }
    try TopicRefusal.check(sent, epoch)
    return ApplyReport(applied: sent)
  }

  func close() { appender.withLock { $0 = nil } }

  private func translated<T>(_ what: String, _ body: () throws -> T) throws -> T {
    do { return try body() } catch let error as TopicError {
      let passes = error.kind == .busy || error.kind == .unreachable
      throw SinkError(
        "could not \(what) the exchange \"\(topic)\": \(error.message)", hint: error.hint, retry: passes ? .withBackoff : .never)
    } catch let error as FileError {
      throw SinkError("could not \(what) the exchange \"\(topic)\": \(error)", retry: error.isNoSpace ? .withBackoff : .never)
    }
  }
}
