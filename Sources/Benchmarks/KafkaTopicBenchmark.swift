#if Kafka
internal import Connectors
internal import Dataflow
internal import Foundation
internal import Kafka

/// What a source makes of records that librdkafka has fetched already, and what librdkafka alone takes to hand them out.
public struct KafkaTopicBenchmark {
  private let brokers: [String]
  private let records: Int
  private let valueBytes: Int
  private let prefetchSeconds: Double

  /// - Parameters:
  ///   - brokers: where; a topic is made there, and removed.
  ///   - records: how many records to read.
  ///   - valueBytes: the size of their values; their keys have 8 bytes.
  ///   - prefetchSeconds: how long to wait for librdkafka to fetch all of them.
  public init(brokers: [String], records: Int, valueBytes: Int = 200, prefetchSeconds: Double = 5) {
    self.brokers = brokers
    self.records = records
    self.valueBytes = valueBytes
    self.prefetchSeconds = prefetchSeconds
  }

  /// One JSON line of figures. Throws what the broker throws.
  public func run() throws -> String {
    var options = KafkaOptions(brokers: brokers)
    options.shape.partitions = 1
    options.settings = [KafkaSetting("queued.min.messages", "10000000"), KafkaSetting("queued.max.messages.kbytes", "2000000")]
    let client = KafkaTopicClient(options)
    let runtime = SystemRuntime(threads: 1)
    let topic = "sloscout-bench-\(UInt64.random(in: 0 ... .max))"
    defer { try? KafkaCluster(options.reading()).delete(topic, milliseconds: 10_000) }
    let produced = try fill(client, topic, runtime)
    let bare = try bare(options, topic, runtime)
    let (source, fetched) = try source(client, topic, runtime)
    return String(
      format:
        "{\"records\":%d,\"value_bytes\":%d,\"append_records_s\":%.0f,\"bare_consumer_records_s\":%.0f,\"source_records_s\":%.0f,"
        + "\"source_from_broker_records_s\":%.0f}", records, valueBytes, produced, bare, source, fetched)
  }

  private func fill(_ client: KafkaTopicClient, _ topic: String, _ runtime: SystemRuntime) throws -> Double {
    let appender = try client.makeAppender(topic, runtime)
    let value = [UInt8](repeating: UInt8(ascii: "x"), count: valueBytes)
    let start = runtime.monotonic()
    var sent = 0
    while sent < records {
      var stage = TopicStage.signature
      for key in sent..<min(records, sent + 20_000) {
        withUnsafeBytes(of: UInt64(key)) { key in
          value.withUnsafeBufferPointer { value in
            TopicRecord.append(
              timestamp: 1_000_000, key: ByteView(base: key.baseAddress?.assumingMemoryBound(to: UInt8.self), count: 8),
              value: ByteView(base: value.baseAddress, count: value.count), to: &stage)
          }
        }
      }
      sent += try appender.append([stage])
    }
    return Double(records) / seconds(since: start, runtime)
  }

  /// librdkafka's consumer, and nothing done with what it hands out.
  private func bare(_ options: KafkaOptions, _ topic: String, _ runtime: SystemRuntime) throws -> Double {
    let consumer = try KafkaConsumer(options.reading(), topic: topic)
    let part = KafkaPartition(consumer, 0)
    _ = part.seek(to: 0)
    runtime.block(nanoseconds: Int64(prefetchSeconds * 1e9))
    let start = runtime.monotonic()
    var count = 0
    while count < records {
      guard part.fetch() else { continue }
      count += part.fetched.count
      part.consume(part.fetched.count)
    }
    return Double(count) / seconds(since: start, runtime)
  }

  /// As a job's source reads: into batches. The second figure is with the fetching.
  private func source(_ client: KafkaTopicClient, _ topic: String, _ runtime: SystemRuntime) throws -> (ready: Double, fetched: Double) {
    var options = TopicSourceOptions(topics: [topic])
    options.isBounded = true
    var rates: [Double] = []
    for isReady in [true, false] {
      let planned = TopicSource.plan(client, options)
      let reader = try planned.make()
      defer { reader.close() }
      try reader.open(SourceContext(job: "bench", id: "topic", runtime: runtime))
      if isReady {
        // The first poll begins the fetching.
        _ = try reader.poll(RecordBatch(schema: planned.schema))
        runtime.block(nanoseconds: Int64(prefetchSeconds * 1e9))
      }
      let start = runtime.monotonic()
      var count = 0
      while true {
        let batch = RecordBatch(schema: planned.schema)
        let status = try reader.poll(batch)
        count += batch.count
        if case .drained = status, batch.count == 0 { break }
      }
      rates.append(Double(count) / seconds(since: start, runtime))
    }
    return (rates[0], rates[1])
  }

  private func seconds(since start: Int64, _ runtime: SystemRuntime) -> Double { Double(runtime.monotonic() - start) / 1e9 }
}
#endif
