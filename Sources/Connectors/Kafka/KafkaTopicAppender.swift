#if Kafka
internal import Dataflow
internal import Kafka
internal import Synchronization

/// Appends to a topic at once: an idempotent producer, and all replicas have the records when a call returns.
final class KafkaTopicAppender: TopicAppender {
  private let client: KafkaTopicClient
  private let topic: String
  /// Nil before the first append, and after one that failed.
  private let producer = Mutex<KafkaProducer?>(nil)

  init(_ client: KafkaTopicClient, _ topic: String) {
    self.client = client
    self.topic = topic
  }

  func append(_ stages: [[UInt8]]) throws -> Int { try producer.withLock { try append(stages, &$0) } }

  private func append(_ stages: [[UInt8]], _ kept: inout KafkaProducer?) throws -> Int {
    do {
      if kept == nil { try client.ensureTopics(topic) }
      let producer = try kept ?? KafkaProducer(client.options.writing())
      kept = producer
      let count = try KafkaRows.send(stages, to: producer.topic(topic), producer)
      guard let count else { preconditionFailure("bytes that are no stage were given to be appended") }
      try producer.flush(milliseconds: client.options.transactionTimeout + 1000)
      return count
    } catch {
      // What is still on its way may arrive or not; the next call begins with a clean slate.
      kept?.purge()
      kept = nil
      throw client.topicError("append to topic \"\(topic)\"", error)
    }
  }

  func append(owner: String, _ body: ([String: UInt64]) throws -> (stages: [[UInt8]], marks: [String: UInt64])) throws -> Int {
    try producer.withLock { _ in try appendMarked(owner, body) }
  }

  private func appendMarked(
    _ owner: String, _ body: ([String: UInt64]) throws -> (stages: [[UInt8]], marks: [String: UInt64])
  ) throws -> Int {
    do {
      try client.ensureTopics(topic)
      // The marks are read anew each time: another process may have written since.
      let transaction = try KafkaTransaction(client, id: "sloscout/\(owner)/\(topic)", topic: topic)
      var marks: [String: UInt64] = [:]
      for (key, row) in transaction.rows where key.job == owner && key.topic == topic { marks[key.sink] = row.epoch }
      let (stages, changed) = try body(marks)
      if changed.isEmpty && stages.isEmpty { return 0 }
      let changes = changed.map { name, value in
        (KafkaProgress.Key(job: owner, sink: name, topic: topic), LedgerRow(generation: 1, epoch: value))
      }
      guard let count = try transaction.write(stages, changes) else {
        preconditionFailure("bytes that are no stage were given to be appended")
      }
      return count
    } catch let failure as KafkaTransaction.Failure {
      throw client.topicError("append to topic \"\(topic)\"", failure.error)
    } catch {
      throw client.topicError("append to topic \"\(topic)\"", error)
    }
  }
}
#endif
