#if Kafka
internal import CRDKafka

/// Reads partitions of one topic, each from an offset that the caller says: no group decides who reads what, and no offsets are kept by the broker.
///
/// One owner: not Sendable. Only making it and seeking may take longer than a moment; fetching goes on in librdkafka's threads.
public final class KafkaConsumer {
  /// What must be so for the promises of `KafkaPartition`; whoever makes settings adds to these.
  public static let settings = [
    // Offsets beyond the partition are an error, not a reason to begin somewhere else.
    KafkaSetting("auto.offset.reset", "error"),
    // How far reading has come behind records that are not handed out: markers, and what was aborted.
    KafkaSetting("enable.partition.eof", "true"),
    KafkaSetting("enable.auto.commit", "false"), KafkaSetting("enable.auto.offset.store", "false"),
  ]

  let handle: KafkaHandle
  let topic: OpaquePointer
  /// Asks the same cluster about its topics, over the same connections.
  public let cluster: KafkaCluster

  /// Connects in the background. Throws `KafkaError` for a bad setting.
  public init(_ settings: [KafkaSetting], topic name: String) throws(KafkaError) {
    handle = try KafkaHandle(RD_KAFKA_CONSUMER, settings + Self.settings)
    guard let topic = rd_kafka_topic_new(handle.pointer, name, nil) else { throw KafkaError(rd_kafka_last_error()) }
    self.topic = topic
    cluster = KafkaCluster(sharing: handle)
  }

  deinit { rd_kafka_topic_destroy(topic) }

  /// Serves what librdkafka wants to tell. Call it now and then.
  public func poll() { handle.poll() }
}

/// One partition of a consumer's topic. The consumer outlives it.
public final class KafkaPartition {
  /// Records that are taken from librdkafka at once.
  private static let portion = 1024

  private let consumer: KafkaConsumer
  private let number: Int32
  private var isStarted = false
  private let messages = UnsafeMutablePointer<UnsafeMutablePointer<rd_kafka_message_t>?>.allocate(capacity: portion)
  private let records = UnsafeMutablePointer<KafkaRecord>.allocate(capacity: portion)
  /// Messages that are held, and which of the records were not consumed yet.
  private var held = 0
  private var first = 0
  private var end = 0
  /// Where reading stands when all fetched records are consumed.
  private var tail: Int64 = 0
  private var failure: KafkaError?
  /// Reading can go on at any offset from here to `next`: there is nothing in between.
  private var position: Int64 = 0

  /// A partition that is not read yet.
  public init(_ consumer: KafkaConsumer, _ partition: Int) {
    self.consumer = consumer
    number = Int32(clamping: partition)
  }

  deinit {
    stop()
    messages.deallocate()
    records.deallocate()
  }

  /// Records that were fetched and not consumed.
  public var fetched: UnsafeBufferPointer<KafkaRecord> { UnsafeBufferPointer(start: records + first, count: end - first) }

  /// The offset to go on from: that of the next fetched record, or what is known to come behind those that were consumed.
  public var next: Int64 { first < end ? records[first].offset : tail }

  /// Records that lie ready in librdkafka.
  public var waiting: Int {
    guard let queue = rd_kafka_queue_get_partition(consumer.handle.pointer, rd_kafka_topic_name(consumer.topic), number) else { return 0 }
    defer { rd_kafka_queue_destroy(queue) }
    return rd_kafka_queue_length(queue)
  }

  /// Consumes that many of the fetched records.
  public func consume(_ count: Int) {
    guard count > 0, first < end else { return }
    first += min(count, end - first)
    position = records[first - 1].offset + 1
  }

  /// Makes `next` the first record at the offset or behind it. Costs nothing when reading stands there.
  ///
  /// - Returns: why that cannot be; nil when it can.
  public func seek(to offset: Int64) -> KafkaError? {
    if isStarted, offset >= position, offset <= next { return nil }
    stop()
    guard rd_kafka_consume_start(consumer.topic, number, offset) == 0 else { return consumer.handle.error(rd_kafka_last_error()) }
    (isStarted, tail, position) = (true, offset, offset)
    return nil
  }

  /// What stopped the fetching of this partition behind the records that were fetched: told once.
  public func takeFailure() -> KafkaError? {
    defer { failure = nil }
    return failure
  }

  /// Takes what librdkafka has ready, when all that was fetched before is consumed. Does not wait.
  ///
  /// - Returns: whether there are records. When not, `takeFailure` may know why.
  public func fetch() -> Bool {
    if first < end { return true }
    guard failure == nil else { return false }
    release()
    let count = rd_kafka_consume_batch(consumer.topic, number, 0, messages, Self.portion)
    guard count > 0 else { return false }
    held = count
    for index in 0..<count {
      guard let message = messages[index] else { continue }
      let code = message.pointee.err
      if code == RD_KAFKA_RESP_ERR_NO_ERROR {
        (records + end).initialize(to: KafkaRecord(message))
        end += 1
        tail = message.pointee.offset + 1
      } else if code == RD_KAFKA_RESP_ERR__PARTITION_EOF {
        tail = max(tail, message.pointee.offset)
      } else if failure == nil {
        let text = message.pointee.payload.map { String(cString: $0.assumingMemoryBound(to: CChar.self)) }
        failure = KafkaError(code, text ?? "")
      }
    }
    return end > 0
  }

  private func release() {
    for index in 0..<held {
      if let message = messages[index] { rd_kafka_message_destroy(message) }
    }
    (held, first, end) = (0, 0, 0)
  }

  private func stop() {
    release()
    failure = nil
    if isStarted { rd_kafka_consume_stop(consumer.topic, number) }
    isStarted = false
  }
}
#endif
