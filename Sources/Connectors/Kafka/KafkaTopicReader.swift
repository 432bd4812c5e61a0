#if Kafka
internal import Dataflow
internal import Kafka

/// Reads a topic in Kafka. Records are fetched by librdkafka's threads; `read` takes what lies ready and copies it once, into the batch.
final class KafkaTopicReader: TopicReader {
  private let client: KafkaTopicClient
  private let topic: String
  private let consumer: KafkaConsumer
  private let watch: KafkaTopicWatch
  /// What the watch saw when it was last looked at.
  private var view = KafkaTopicWatch.View()
  private var parts: [Int: KafkaPartition] = [:]
  private var deadline: Int64?

  /// Throws `KafkaError`.
  init(_ client: KafkaTopicClient, _ topic: String) throws {
    self.client = client
    self.topic = topic
    consumer = try KafkaConsumer(client.options.reading(), topic: topic)
    watch = KafkaTopicWatch(consumer.cluster, topic, milliseconds: client.options.connectTimeout)
  }

  var id: UInt64? { view.exists ? view.id : nil }
  var partitions: Int { view.ends.count }
  /// Neither librdkafka nor all brokers tell a topic's id. What there is: the cluster's, and whether the topic was ever seen to be gone.
  var needsMarks: Bool { true }

  func refresh() throws {
    consumer.poll()
    if view.isFirst {
      do { try watch.look() } catch let error as KafkaError { throw sourceError("could not look at topic \"\(topic)\"", error) }
    } else {
      watch.lookSoon { [client, topic] error in client.warn("\(client.place) does not say what topic \"\(topic)\" holds: \(error.message)")
      }
    }
    let seen = watch.view
    if seen.id != view.id { parts = [:] }
    view = seen
  }

  func end(_ partition: Int) -> Int64 { view.ends.indices.contains(partition) ? view.ends[partition] : 0 }

  func start(_ partition: Int) throws -> Int64 { view.starts.indices.contains(partition) ? view.starts[partition] : 0 }

  func read(_ partition: Int, from offset: Int64, below limit: Int64, into batch: RecordBatch) throws -> Int64 {
    guard offset < limit, view.ends.indices.contains(partition) else { return offset }
    let part = parts[partition] ?? KafkaPartition(consumer, partition)
    parts[partition] = part
    var rows = TopicRows(batch)
    defer { rows.finish() }
    if let failure = part.seek(to: offset) {
      try recover(from: failure, partition, offset)
      return offset
    }
    while !rows.isFull, part.fetch() {
      let records = part.fetched
      var taken = 0
      while taken < records.count, !rows.isFull {
        let record = records[taken]
        // Beyond the limit: it stays fetched, and the caller's limit is where it goes on.
        guard record.offset < limit else {
          part.consume(taken)
          return limit
        }
        append(record, to: &rows)
        taken += 1
      }
      part.consume(taken)
    }
    if rows.count > 0 {
      deadline = nil
    } else if let failure = part.takeFailure() {
      try recover(from: failure, partition, offset)
      return offset
    }
    return max(offset, min(part.next, limit))
  }

  @inline(__always)
  private func append(_ record: KafkaRecord, to rows: inout TopicRows) {
    let batch = rows.batch
    // Key and value in one piece.
    let memory = batch.allocate(record.keyCount + record.valueCount + 1)
    var (key, value) = (ByteView.null, ByteView.null)
    if let bytes = record.key {
      memory.update(from: bytes, count: record.keyCount)
      key = ByteView(base: memory, count: record.keyCount)
    }
    if let bytes = record.value {
      let target = memory + record.keyCount
      target.update(from: bytes, count: record.valueCount)
      value = ByteView(base: target, count: record.valueCount)
    }
    var headers = ByteView.null
    if record.headers != nil {
      var list: [(name: ByteView, value: ByteView)] = []
      record.forEachHeader { name, value in list.append((batch.copy(name), value.map { batch.copy($0) } ?? .null)) }
      headers = rows.object(list)
    }
    let (nanoseconds, isBeyond) = record.timestamp.multipliedReportingOverflow(by: 1_000_000)
    let timestamp = record.timestamp < 0 || isBeyond ? RecordBatch.noTime : nanoseconds
    rows.append(key: key, value: value, timestamp: timestamp, headers: headers, offset: record.offset)
  }

  func awaitRecords() -> Bool {
    let now = KafkaClock.now()
    let limit = deadline ?? now + Int64(client.options.connectTimeout + client.options.transactionTimeout)
    deadline = limit
    KafkaClock.pause(milliseconds: 2)
    return now < limit
  }

  func holds(_ mark: TopicMark, in partition: Int) throws -> Bool {
    guard mark.offset >= (try start(partition)), mark.offset < end(partition) else { return true }
    let batch = RecordBatch(schema: TopicColumns.schema)
    let next = try readWaiting(partition, from: mark.offset, below: mark.offset + 1, into: batch)
    guard batch.count > 0 else {
      guard next > mark.offset else {
        throw SourceError(
          "\(client.place) does not hand out the record with offset \(mark.offset) of partition \(partition) of topic \"\(topic)\"",
          hint: "check that the broker answers", isTransient: true)
      }
      // Compaction removes single records.
      return true
    }
    return TopicMark(batch, 0) == mark
  }

  func publish(_ positions: [(partition: Int, offset: Int64)], group: String) { client.publish(topic, positions, group: group) }

  func close() { parts = [:] }

  // MARK: Errors

  /// What stopped a partition: nothing that is lasting, or it is thrown.
  private func recover(from error: KafkaError, _ partition: Int, _ offset: Int64) throws {
    // Begins anew with the next read.
    parts[partition] = nil
    switch error.reason {
    case .outOfRange: try explain(error, partition, offset)
    case .unreachable, .unknownTopic: return  // librdkafka tries again by itself; the watch sees a topic that is gone
    default: throw sourceError("could not read partition \(partition) of topic \"\(topic)\"", error)
    }
  }

  /// The offset is not there: it was removed, or it is that of another topic.
  private func explain(_ error: KafkaError, _ partition: Int, _ offset: Int64) throws {
    do { try watch.look() } catch let error as KafkaError { throw sourceError("could not look at topic \"\(topic)\"", error) }
    let seen = watch.view
    // Gone or made anew: the next refresh says so.
    guard seen.id == view.id, seen.ends.indices.contains(partition) else { return }
    view = seen
    if offset < seen.starts[partition] {
      throw TopicError(
        .gone(first: seen.starts[partition]),
        "offset \(offset) of partition \(partition) of topic \"\(topic)\" was removed by retention; the oldest is \(seen.starts[partition])",
        hint: "give the topic more retention, or set onGap: earliest to go on with what there is")
    }
    if offset > seen.ends[partition] {
      throw TopicError(
        .replaced, "topic \"\(topic)\" ends at offset \(seen.ends[partition]) of partition \(partition), but was read up to \(offset)",
        hint: "it was set back or made anew: restore it, or start the job fresh")
    }
  }

  private func sourceError(_ what: String, _ error: KafkaError) -> SourceError {
    SourceError("\(what) in \(client.place): \(error.message)", hint: client.hint(error), isTransient: !client.isLasting(error))
  }
}
#endif
