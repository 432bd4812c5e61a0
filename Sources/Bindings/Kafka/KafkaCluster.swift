#if Kafka
internal import CRDKafka

/// What a cluster has: topics, partitions and their ends; and how topics are made. Calls block, each with a limit. Safe from any thread.
public final class KafkaCluster: Sendable {
  let handle: KafkaHandle

  /// Connects in the background. Throws `KafkaError` for a bad setting.
  public init(_ settings: [KafkaSetting]) throws(KafkaError) { handle = try KafkaHandle(RD_KAFKA_CONSUMER, settings) }

  init(sharing handle: KafkaHandle) { self.handle = handle }

  /// The cluster's id; empty when it has none, or has not said so yet.
  public var id: String {
    guard let text = rd_kafka_clusterid(handle.pointer, 0) else { return "" }
    defer { rd_kafka_mem_free(handle.pointer, text) }
    return String(cString: text)
  }

  /// How many partitions a topic has; nil when there is no such topic. Throws `KafkaError`.
  public func partitions(of topic: String, milliseconds: Int32) throws(KafkaError) -> Int? {
    let topicHandle = rd_kafka_topic_new(handle.pointer, topic, nil)
    defer { if let topicHandle { rd_kafka_topic_destroy(topicHandle) } }
    var metadata: UnsafePointer<rd_kafka_metadata>?
    let code = rd_kafka_metadata(handle.pointer, 0, topicHandle, &metadata, milliseconds)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let metadata else { throw handle.error(code) }
    defer { rd_kafka_metadata_destroy(metadata) }
    guard metadata.pointee.topic_cnt > 0, let found = metadata.pointee.topics?[0] else { return nil }
    if found.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART { return nil }
    // A topic that is being made has no leader yet.
    if found.err == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE && found.partition_cnt == 0 { return nil }
    guard found.err == RD_KAFKA_RESP_ERR_NO_ERROR || found.err == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE else {
      throw handle.error(found.err)
    }
    return Int(found.partition_cnt)
  }

  /// A place in a partition that a broker knows.
  public enum Place: Sendable {
    case start
    case end
  }

  /// The offsets of all partitions of a topic: the oldest, or those that come next. With `isolation.level` `read_committed` the end is before
  /// the first record whose transaction is open. Throws `KafkaError`.
  public func offsets(_ place: Place, of topic: String, partitions: Range<Int>, milliseconds: Int32) throws(KafkaError) -> [Int64] {
    let list = rd_kafka_topic_partition_list_new(Int32(partitions.count))
    defer { rd_kafka_topic_partition_list_destroy(list) }
    for partition in partitions {
      // These two stand for times that mean the ends.
      rd_kafka_topic_partition_list_add(list, topic, Int32(partition))?.pointee.offset =
        place == .start ? Int64(RD_KAFKA_OFFSET_BEGINNING) : Int64(RD_KAFKA_OFFSET_END)
    }
    let code = rd_kafka_offsets_for_times(handle.pointer, list, milliseconds)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { throw handle.error(code) }
    var offsets: [Int64] = []
    for index in 0..<Int(list.pointee.cnt) {
      let element = list.pointee.elems[index]
      guard element.err == RD_KAFKA_RESP_ERR_NO_ERROR else { throw handle.error(element.err) }
      offsets.append(max(0, element.offset))
    }
    return offsets
  }

  // MARK: Making topics

  /// Makes a topic. `partitions` and `replicas` of -1 are the broker's choice. Throws `KafkaError`, also when there is one (`alreadyExists`).
  public func create(
    _ topic: String, partitions: Int, replicas: Int, settings: [KafkaSetting] = [], milliseconds: Int32
  ) throws(KafkaError) {
    var text = [CChar](repeating: 0, count: 512)
    var order = rd_kafka_NewTopic_new(topic, Int32(clamping: partitions), Int32(clamping: replicas), &text, text.count)
    guard let made = order else { throw KafkaError(setting: KafkaHandle.string(text)) }
    defer { rd_kafka_NewTopic_destroy(made) }
    for setting in settings { rd_kafka_NewTopic_set_config(made, setting.name, setting.value) }
    try administer(milliseconds) {
      rd_kafka_CreateTopics(handle.pointer, &order, 1, nil, $0)
    } results: {
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result($0), &$1)
    }
  }

  /// Gives a topic so many partitions in all. Throws `KafkaError`.
  public func grow(_ topic: String, to partitions: Int, milliseconds: Int32) throws(KafkaError) {
    var text = [CChar](repeating: 0, count: 512)
    var order = rd_kafka_NewPartitions_new(topic, partitions, &text, text.count)
    guard let made = order else { throw KafkaError(setting: KafkaHandle.string(text)) }
    defer { rd_kafka_NewPartitions_destroy(made) }
    try administer(milliseconds) {
      rd_kafka_CreatePartitions(handle.pointer, &order, 1, nil, $0)
    } results: {
      rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result($0), &$1)
    }
  }

  /// Removes a topic and what is in it. Throws `KafkaError`.
  public func delete(_ topic: String, milliseconds: Int32) throws(KafkaError) {
    var order = rd_kafka_DeleteTopic_new(topic)
    guard let made = order else { throw KafkaError(setting: "no memory") }
    defer { rd_kafka_DeleteTopic_destroy(made) }
    try administer(milliseconds) {
      rd_kafka_DeleteTopics(handle.pointer, &order, 1, nil, $0)
    } results: {
      rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result($0), &$1)
    }
  }

  /// Runs a request about one topic and waits for its result.
  private func administer(
    _ milliseconds: Int32, _ request: (OpaquePointer) -> Void,
    results: (OpaquePointer, inout Int) -> UnsafeMutablePointer<OpaquePointer?>?
  ) throws(KafkaError) {
    guard let queue = rd_kafka_queue_new(handle.pointer) else { throw KafkaError(setting: "no memory") }
    defer { rd_kafka_queue_destroy(queue) }
    request(queue)
    guard let event = rd_kafka_queue_poll(queue, milliseconds) else { throw handle.error(RD_KAFKA_RESP_ERR__TIMED_OUT) }
    defer { rd_kafka_event_destroy(event) }
    guard rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR else { throw handle.error(rd_kafka_event_error(event)) }
    var count = 0
    guard let list = results(event, &count), count > 0, let result = list[0] else { return }
    let code = rd_kafka_topic_result_error(result)
    guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
    throw KafkaError(code, rd_kafka_topic_result_error_string(result).map { String(cString: $0) } ?? "")
  }

  // MARK: Groups

  /// Tells the broker how far the setting `group.id` has come in a topic, without being a member of the group. Does not wait for it.
  public func publish(_ topic: String, _ positions: [(partition: Int, offset: Int64)]) {
    let list = rd_kafka_topic_partition_list_new(Int32(positions.count))
    defer { rd_kafka_topic_partition_list_destroy(list) }
    for position in positions {
      rd_kafka_topic_partition_list_add(list, topic, Int32(position.partition))?.pointee.offset = position.offset
    }
    _ = rd_kafka_commit(handle.pointer, list, 1)
    handle.poll()
  }
}
#endif
