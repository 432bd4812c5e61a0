#if Kafka
internal import CRDKafka

/// Writes records, idempotently: none twice, none out of order within a partition, none acknowledged before all replicas have it.
///
/// Safe from any thread, but the failures of one caller's records are another's too: one caller at a time.
public final class KafkaProducer: Sendable {
  /// What must be so for what the type promises.
  public static let settings = [
    KafkaSetting("enable.idempotence", "true"), KafkaSetting("acks", "all"),
    // As Kafka's own client: everybody finds a key in the same partition.
    KafkaSetting("partitioner", "murmur2_random"),
  ]

  let handle: KafkaHandle

  /// Connects in the background. Throws `KafkaError` for a bad setting.
  public init(_ settings: [KafkaSetting]) throws(KafkaError) {
    handle = try KafkaHandle(RD_KAFKA_PRODUCER, settings + Self.settings)
  }

  /// A topic that records can be sent to. `@unchecked Sendable`: librdkafka's topics are safe from any thread.
  public final class Topic: @unchecked Sendable {
    let pointer: OpaquePointer
    private let handle: KafkaHandle

    init(_ pointer: OpaquePointer, _ handle: KafkaHandle) {
      self.pointer = pointer
      self.handle = handle
    }

    deinit { rd_kafka_topic_destroy(pointer) }
  }

  /// Headers of one record, in order.
  public typealias Headers = [(name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>?)]

  /// The topic of that name. Throws `KafkaError`.
  public func topic(_ name: String) throws(KafkaError) -> Topic {
    guard let pointer = rd_kafka_topic_new(handle.pointer, name, nil) else { throw KafkaError(rd_kafka_last_error()) }
    return Topic(pointer, handle)
  }

  /// Queues a record, whose bytes are copied. Waits while the queue is full.
  ///
  /// - Parameters:
  ///   - partition: nil lets the key decide.
  ///   - key, value: an address of nil is null, a count of 0 is empty.
  ///   - timestamp: milliseconds since 1970; 0 is now.
  /// - Throws: `KafkaError`.
  public func send(
    _ topic: Topic, partition: Int? = nil, key: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>, timestamp: Int64,
    headers: Headers = []
  ) throws(KafkaError) {
    while true {
      let list = try headers.isEmpty ? nil : Self.list(headers)
      let code = queue(topic, partition, key, value, timestamp, list)
      if code == RD_KAFKA_RESP_ERR_NO_ERROR { return }
      if let list { rd_kafka_headers_destroy(list) }
      try makeRoom(after: code)
    }
  }

  /// Queues a record of now without headers.
  public func send(_ topic: Topic, partition: Int, key: [UInt8], value: [UInt8]) throws(KafkaError) {
    while true {
      let code = key.withUnsafeBufferPointer { key in value.withUnsafeBufferPointer { queue(topic, partition, key, $0, 0, nil) } }
      if code == RD_KAFKA_RESP_ERR_NO_ERROR { return }
      try makeRoom(after: code)
    }
  }

  private func queue(
    _ topic: Topic, _ partition: Int?, _ key: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>, _ timestamp: Int64,
    _ headers: OpaquePointer?
  ) -> rd_kafka_resp_err_t {
    crdkafka_produce(
      handle.pointer, topic.pointer, partition.map { Int32(clamping: $0) } ?? RD_KAFKA_PARTITION_UA, key.baseAddress, key.count,
      value.baseAddress, value.count, timestamp, headers)
  }

  /// Waits a moment when the queue is full: room comes with acknowledgements, or with the end of the time that a record may wait for one.
  private func makeRoom(after code: rd_kafka_resp_err_t) throws(KafkaError) {
    guard code == RD_KAFKA_RESP_ERR__QUEUE_FULL else { throw handle.reports.takeFailure() ?? handle.error(code) }
    handle.poll(milliseconds: 50)
  }

  private static func list(_ headers: Headers) throws(KafkaError) -> OpaquePointer {
    guard let list = rd_kafka_headers_new(headers.count) else { throw KafkaError(setting: "no memory") }
    for header in headers {
      let name = UnsafeRawPointer(header.name.baseAddress)?.assumingMemoryBound(to: CChar.self)
      _ = rd_kafka_header_add(list, name, header.name.count, header.value?.baseAddress, header.value?.count ?? -1)
    }
    return list
  }

  /// Serves acknowledgements.
  public func poll() { handle.poll() }

  /// Waits until all records that were sent are acknowledged, at most so long. Throws `KafkaError` for the first that was not.
  public func flush(milliseconds: Int32) throws(KafkaError) {
    let code = rd_kafka_flush(handle.pointer, milliseconds)
    if let failure = handle.reports.takeFailure() {
      throw failure.reason == .unreachable ? failure.explained(by: handle.reports.problem) : failure
    }
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw handle.error(code) }
  }

  /// Drops what was sent and not acknowledged: it may have arrived all the same.
  public func purge() {
    rd_kafka_purge(handle.pointer, Int32(RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT))
    rd_kafka_flush(handle.pointer, 1000)
    _ = handle.reports.takeFailure()
  }

  // MARK: Transactions

  /// Takes over the transactional id of the settings: an older producer with it can do nothing any more, and what it left open is aborted.
  /// Waits for that. Throws `KafkaError`.
  public func initTransactions(milliseconds: Int32) throws(KafkaError) {
    try handle.check(rd_kafka_init_transactions(handle.pointer, milliseconds))
  }

  /// What is sent from here on counts together or not at all. Throws `KafkaError`.
  public func begin() throws(KafkaError) {
    _ = handle.reports.takeFailure()
    try handle.check(rd_kafka_begin_transaction(handle.pointer))
  }

  /// Waits until all is acknowledged, and makes it count. A retriable error: the same call may be made again. Throws `KafkaError`.
  public func commit(milliseconds: Int32) throws(KafkaError) {
    try handle.check(rd_kafka_commit_transaction(handle.pointer, milliseconds))
  }

  /// Makes it never have been. Throws `KafkaError`.
  public func abort(milliseconds: Int32) throws(KafkaError) {
    try handle.check(rd_kafka_abort_transaction(handle.pointer, milliseconds))
    _ = handle.reports.takeFailure()
  }

  /// The first record of the transaction that was not taken, and why.
  public func takeFailure() -> KafkaError? {
    handle.poll()
    return handle.reports.takeFailure()
  }
}
#endif
