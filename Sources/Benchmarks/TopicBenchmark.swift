internal import Connectors
internal import Dataflow
internal import Foundation

/// What local topics do on this machine: append, read, open again, find an offset.
public struct TopicBenchmark {
  private let megabytes: Int
  private let folder: String?

  /// - Parameters:
  ///   - megabytes: how much to append and read.
  ///   - folder: where; a temporary folder unless given. What is made is removed.
  public init(megabytes: Int, folder: String? = nil) {
    self.megabytes = megabytes
    self.folder = folder
  }

  /// One JSON line of figures. Throws what the disk throws.
  public func run() throws -> String {
    let root = (folder ?? FileManager.default.temporaryDirectory.path) + "/sloscout-topics-\(ProcessInfo.processInfo.processIdentifier)"
    defer { try? FileManager.default.removeItem(atPath: root) }
    let runtime = SystemRuntime(threads: 1)
    var settings = LocalTopicSettings()
    let synced = try append(LocalTopicClient(root: root, settings: settings), "synced", runtime, stageBytes: 4 << 20)
    settings.isDurable = false
    let client = LocalTopicClient(root: root, settings: settings)
    let fast = try append(client, "fast", runtime, stageBytes: 4 << 20)
    let (read, records) = try read(client, "fast", runtime)
    let (reopen, seek) = try reopen(client, "fast", runtime, offset: Int64(records / 4 - 10))
    let small = try smallAppends(root, runtime)
    return
      "{\"megabytes\":\(megabytes),\"append_synced_mb_s\":\(text(synced)),\"append_mb_s\":\(text(fast)),\"read_mb_s\":\(text(read.rate)),"
      + "\"read_records_s\":\(text(Double(records) / read.seconds)),\"reopen_ms\":\(text(reopen)),\"seek_ms\":\(text(seek)),"
      + "\"small_append_synced_ms\":\(text(small))}"
  }

  /// Values of 200 bytes with keys, as a stage of about that size.
  private func stage(_ bytes: Int) -> [UInt8] {
    var stage = TopicStage.signature
    let value = [UInt8](repeating: UInt8(ascii: "x"), count: 200)
    var key: UInt64 = 0
    while stage.count < bytes {
      key &+= 1
      withUnsafeBytes(of: key % 1000) { key in
        value.withUnsafeBufferPointer { value in
          TopicRecord.append(
            timestamp: 1, key: ByteView(base: key.baseAddress?.assumingMemoryBound(to: UInt8.self), count: 8),
            value: ByteView(base: value.baseAddress, count: value.count), to: &stage)
        }
      }
    }
    return stage
  }

  private func append(_ client: LocalTopicClient, _ topic: String, _ runtime: SystemRuntime, stageBytes: Int) throws -> Double {
    let stage = stage(stageBytes)
    let appender = try client.makeAppender(topic, runtime)
    let start = runtime.monotonic()
    var bytes = 0
    while bytes < megabytes << 20 {
      _ = try appender.append([stage])
      bytes += stage.count
    }
    return Double(bytes) / 1e6 / seconds(since: start, runtime)
  }

  /// Reads as a job's source does.
  private func read(
    _ client: LocalTopicClient, _ topic: String, _ runtime: SystemRuntime
  ) throws -> (read: (rate: Double, seconds: Double), records: Int) {
    var options = TopicSourceOptions(topics: [topic])
    options.isBounded = true
    let planned = TopicSource.plan(client, options)
    let reader = try planned.make()
    try reader.open(SourceContext(job: "bench", id: "topic", runtime: runtime))
    let start = runtime.monotonic()
    var (bytes, records) = (0, 0)
    while true {
      let batch = RecordBatch(schema: planned.schema)
      let status = try reader.poll(batch)
      records += batch.count
      for row in 0..<batch.count { bytes += batch.raws[row].count + 8 }
      if case .drained = status { break }
    }
    let time = seconds(since: start, runtime)
    return ((Double(bytes) / 1e6 / time, time), records)
  }

  /// Milliseconds for a first append after a start, and for a first record from the middle of the topic.
  private func reopen(_ client: LocalTopicClient, _ topic: String, _ runtime: SystemRuntime, offset: Int64) throws -> (Double, Double) {
    let stage = stage(300)
    var start = runtime.monotonic()
    _ = try client.makeAppender(topic, runtime).append([stage])
    let append = seconds(since: start, runtime) * 1e3
    start = runtime.monotonic()
    let reader = try client.makeReader(topic)
    try reader.refresh()
    _ = try reader.read(0, from: offset, below: offset + 1, into: RecordBatch(schema: TopicColumns.schema))
    return (append, seconds(since: start, runtime) * 1e3)
  }

  /// The median milliseconds of an append of a hundred records that waits for the disk.
  private func smallAppends(_ root: String, _ runtime: SystemRuntime) throws -> Double {
    let appender = try LocalTopicClient(root: root).makeAppender("small", runtime)
    let stage = stage(100 * 230)
    var times: [Double] = []
    for _ in 0..<100 {
      let start = runtime.monotonic()
      _ = try appender.append([stage])
      times.append(seconds(since: start, runtime) * 1e3)
    }
    return times.sorted()[times.count / 2]
  }

  private func seconds(since start: Int64, _ runtime: SystemRuntime) -> Double { Double(runtime.monotonic() - start) / 1e9 }
  private func text(_ value: Double) -> String { String(format: value < 100 ? "%.2f" : "%.0f", value) }
}
