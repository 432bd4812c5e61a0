internal import Connectors
internal import Dataflow
internal import Foundation

/// What local topics do on this machine: append, read, open again, find an offset.
public struct TopicBenchmark {
  private let megabytes: Int
  private let folder: String?
  private let schema: String?

  /// - Parameters:
  ///   - megabytes: how much to append and read.
  ///   - schema: the Avro schema of telemetry, to encode and decode with; nil leaves that out.
  ///   - folder: where; a temporary folder unless given. What is made is removed.
  public init(megabytes: Int, folder: String? = nil, schema: String? = nil) {
    self.schema = schema
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
      + "\"small_append_synced_ms\":\(text(small))" + (try schema.map(avro) ?? "") + "}"
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

  // MARK: Avro

  /// Records a second through the format `avro`, both ways, without a topic between.
  private func avro(_ schema: String) throws -> String {
    let format = Config(["type": .string("avro"), "schema": .string(schema)])
    let runtime = SystemRuntime(threads: 1)
    let columns = Schema(Self.spanColumns.map { ($0.name, $0.type) })
    let connection = Config(["path": .string("unused")])
    let sink = try TopicSink.type.plan(Config(["topic": .string("t"), "format": .object(format)]), connection, columns)
    guard let writer = try sink.make() as? any SinkWriter else { return "" }
    let output = Output(operatorID: "bench")
    let rounds = 300
    var stage: [UInt8] = []
    var start = runtime.monotonic()
    for _ in 0..<rounds {
      try writer.process(Self.spans(columns), output)
      stage = writer.takeStage().bytes
    }
    let encoded = Double(rounds * RecordBatch.capacity) / seconds(since: start, runtime)
    let source = try TopicSource.type.plan(
      Config(["topics": .list([.string("t")]), "format": .object(format), "connection": .object(connection)]))
    guard let decoder = try source.decoders.first?.make() else { return "" }
    start = runtime.monotonic()
    for _ in 0..<rounds {
      let batch = RecordBatch(schema: TopicColumns.schema)
      _ = TopicStage.forEach([stage]) { record, _ in
        batch.bytes(TopicColumns.schema.fields[1])[batch.appendRow()] = batch.copy(record.value.buffer)
      }
      try decoder.process(batch, output)
    }
    let decoded = Double(rounds * RecordBatch.capacity) / seconds(since: start, runtime)
    return
      ",\"avro_encode_records_s\":\(text(encoded)),\"avro_decode_records_s\":\(text(decoded)),\"avro_record_bytes\":\(stage.count / RecordBatch.capacity)"
  }

  /// What a span fills, and with what.
  private static let spanColumns: [(name: String, type: ColumnType, value: String)] = [
    ("event_id", .bytes, "4bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b7"), ("service_name", .bytes, "checkout"),
    ("environment", .bytes, "prod"), ("event_type", .bytes, "trace"), ("timestamp", .time, ""), ("end_timestamp", .time, ""),
    ("message", .bytes, "POST /api/checkout"), ("trace_id", .bytes, "4bf92f3577b34da6a3ce929d0e0e4736"),
    ("span_id", .bytes, "00f067aa0ba902b7"), ("parent_span_id", .bytes, "53995c3f42cd8ad8"), ("kind", .bytes, "SERVER"),
    ("status_code", .bytes, "OK"), ("scope_name", .bytes, "io.opentelemetry.http"),
    (
      "attributes", .bytes,
      #"{"http.request.method":"POST","http.response.status_code":"200","http.route":"/api/checkout","server.address":"shop","server.port":"8080","url.path":"/api/checkout"}"#
    ), ("resource", .bytes, #"{"service.name":"checkout","service.version":"1.4.2","host.name":"node-7","k8s.pod.name":"checkout-5d7"}"#),
  ]

  private static func spans(_ schema: Schema) -> RecordBatch {
    let batch = RecordBatch(schema: schema)
    let values = spanColumns.map { batch.copy($0.value) }
    while !batch.isFull {
      let row = batch.appendRow()
      for (field, value) in zip(schema.fields, values) {
        if field.type == .bytes {
          batch.bytes(field)[row] = value
        } else {
          batch.int64s(field)[row] = 1_767_225_600_000_000_000 + Int64(row)
          batch.nulls(field)[row] = 0
        }
      }
    }
    return batch
  }

  private func seconds(since start: Int64, _ runtime: SystemRuntime) -> Double { Double(runtime.monotonic() - start) / 1e9 }
  private func text(_ value: Double) -> String { String(format: value < 100 ? "%.2f" : "%.0f", value) }
}
