#if Kafka
internal import Dataflow
internal import Kafka

/// A producer with a transactional id, and the ledger as it was when that was taken over.
///
/// While nobody else takes the id over, only this producer changes the rows of its sink: what it knows of them stays true.
struct KafkaTransaction: Sendable {
  /// Why a transaction did not come about.
  enum Failure: Error {
    /// Nothing of it counts; the producer can try anew.
    case aborted(KafkaError)
    /// It may count or not, or the producer is of no use any more: take the id over anew, and read the ledger.
    case unknown(KafkaError)
  }

  private let client: KafkaTopicClient
  private let producer: KafkaProducer
  private let rowTopic: KafkaProducer.Topic
  private let progressTopic: KafkaProducer.Topic
  /// The rows of all sinks, by their keys.
  let rows: [KafkaProgress.Key: LedgerRow]

  /// Takes the id over and reads the ledger, in that order: whatever an earlier owner did is either in it or will never be.
  ///
  /// Throws `KafkaError`, `TopicError`.
  init(_ client: KafkaTopicClient, id: String, topic: String) throws {
    self.client = client
    producer = try KafkaProducer(client.options.writing(id))
    try Self.takeOver(producer, client.options)
    rowTopic = try producer.topic(topic)
    progressTopic = try producer.topic(client.options.progressTopic)
    rows = try KafkaProgress(client).read()
  }

  private static func takeOver(_ producer: KafkaProducer, _ options: KafkaOptions) throws {
    let deadline = KafkaClock.now() + Int64(options.connectTimeout)
    while true {
      do {
        return try producer.initTransactions(milliseconds: options.connectTimeout)
      } catch {
        guard error.isRetriable, !error.isFatal, KafkaClock.now() < deadline else { throw error }
        KafkaClock.pause(milliseconds: 20)
      }
    }
  }

  /// Writes records of stages and ledger rows, together or not at all.
  ///
  /// - Returns: how many records that were; nil, and nothing is written, when the bytes are no stage.
  /// - Throws: `Failure`, and what `check` throws: nothing is written then.
  func write(
    _ stages: [[UInt8]], _ changes: [(KafkaProgress.Key, LedgerRow)], check: (Int?) throws -> Void = { _ in }
  ) throws -> Int? {
    let deadline = KafkaClock.now() + Int64(client.options.transactionTimeout)
    var count: Int?
    do { try producer.begin() } catch { throw Failure.unknown(error) }
    do {
      count = try KafkaRows.send(stages, to: rowTopic, producer)
      try check(count)
      if count != nil {
        for (key, row) in changes {
          let record = try KafkaProgress.record(key, row)
          try producer.send(progressTopic, partition: 0, key: record.key, value: record.value)
        }
        try commit(until: deadline)
        return count
      }
    } catch let failure as Failure {
      throw failure
    } catch let error as KafkaError {
      throw abort(error)
    } catch {
      // The caller's own reason to stop. An abort that fails shows at the next `begin`.
      try? producer.abort(milliseconds: client.options.connectTimeout)
      throw error
    }
    try? producer.abort(milliseconds: client.options.connectTimeout)
    return nil
  }

  private func commit(until deadline: Int64) throws {
    while true {
      do {
        return try producer.commit(milliseconds: Int32(clamping: max(100, deadline - KafkaClock.now())))
      } catch {
        if error.isRetriable && !error.isFatal && KafkaClock.now() < deadline { continue }
        // The reason of the record that was not taken says more than that the transaction failed.
        let cause = producer.takeFailure() ?? error
        if error.requiresAbort && !error.isFatal { throw abort(cause) }
        throw Failure.unknown(error.isFatal ? error : cause)
      }
    }
  }

  /// Aborts, and answers with what that leaves.
  private func abort(_ cause: KafkaError) -> Failure {
    do {
      try producer.abort(milliseconds: client.options.connectTimeout)
      return .aborted(cause)
    } catch {
      return .unknown(error.isFatal ? error : cause)
    }
  }
}

extension KafkaTransaction.Failure {
  /// What went wrong.
  var error: KafkaError {
    switch self {
    case .aborted(let error), .unknown(let error): error
    }
  }
}
#endif
