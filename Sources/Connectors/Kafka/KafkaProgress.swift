#if Kafka
internal import Dataflow
internal import Foundation
internal import Kafka

/// The ledger of topic sinks: a compacted topic of one partition with a record for each sink, written in the transaction of the rows it speaks of.
///
/// Keys and values are JSON, for people with a console consumer.
struct KafkaProgress {
  /// Whose progress it is.
  struct Key: Codable, Hashable {
    var job: String
    var sink: String
    var topic: String
    var shard = 0
  }

  private struct Value: Codable {
    var generation: UInt64
    var epoch: UInt64
    /// Hexadecimal; absent before the first epoch.
    var digest: String?
  }

  /// What the topic is made with. Compaction works on closed segments only: they are small, so that a start reads little.
  static let topicSettings = [KafkaSetting("cleanup.policy", "compact"), KafkaSetting("segment.bytes", "16777216")]

  private let client: KafkaTopicClient

  init(_ client: KafkaTopicClient) { self.client = client }

  static func record(_ key: Key, _ row: LedgerRow) throws -> (key: [UInt8], value: [UInt8]) {
    let encoder = JSONEncoder()
    // The same bytes each time: compaction compares them.
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let value = Value(generation: row.generation, epoch: row.epoch, digest: row.digest.map { String($0, radix: 16) })
    return (Array(try encoder.encode(key)), Array(try encoder.encode(value)))
  }

  /// Reads the topic to its present end: the newest row of every key.
  ///
  /// What is there of transactions that are open is waited for: the row of ours may stand behind it. Throws `KafkaError`, `TopicError`.
  func read() throws -> [Key: LedgerRow] {
    let (name, options) = (client.options.progressTopic, client.options)
    // The end for those who do not wait for transactions is behind everything that was committed.
    let end = try KafkaCluster(options.reading(isCommitted: false))
      .offsets(.end, of: name, partitions: 0..<1, milliseconds: options.connectTimeout)[0]
    let consumer = try KafkaConsumer(options.reading(), topic: name)
    let start = try consumer.cluster.offsets(.start, of: name, partitions: 0..<1, milliseconds: options.connectTimeout)[0]
    let part = KafkaPartition(consumer, 0)
    if let failure = part.seek(to: start) { throw failure }
    let decoder = JSONDecoder()
    var rows: [Key: LedgerRow] = [:]
    var deadline = KafkaClock.now() + Int64(options.connectTimeout + options.transactionTimeout)
    while part.next < end {
      guard part.fetch() else {
        if let failure = part.takeFailure(), failure.reason != .unreachable { throw failure }
        consumer.poll()
        guard KafkaClock.now() < deadline else {
          throw TopicError(
            .unreachable, "the ledger, topic \"\(name)\" in \(client.place), cannot be read beyond offset \(part.next) of \(end)",
            hint: "a transaction of another writer may be open: the broker aborts it after its timeout")
        }
        KafkaClock.pause(milliseconds: 1)
        continue
      }
      for record in part.fetched {
        guard let (key, row) = try Self.row(record, decoder) else {
          throw TopicError(
            .damaged, "the record with offset \(record.offset) of the ledger, topic \"\(name)\" in \(client.place), is none of ours",
            hint: "let nothing else write into that topic, or name another with progressTopic before the first start")
        }
        rows[key] = row
      }
      part.consume(part.fetched.count)
      deadline = KafkaClock.now() + Int64(options.connectTimeout + options.transactionTimeout)
    }
    return rows
  }

  private static func row(_ record: KafkaRecord, _ decoder: JSONDecoder) throws -> (Key, LedgerRow)? {
    let key = Data(UnsafeBufferPointer(start: record.key, count: record.key == nil ? 0 : record.keyCount))
    let value = Data(UnsafeBufferPointer(start: record.value, count: record.value == nil ? 0 : record.valueCount))
    guard let key = try? decoder.decode(Key.self, from: key), let value = try? decoder.decode(Value.self, from: value) else { return nil }
    let digest = value.digest.map { UInt64($0, radix: 16) }
    if case .some(.none) = digest { return nil }
    return (key, LedgerRow(generation: value.generation, epoch: value.epoch, digest: digest ?? nil))
  }
}
#endif
