#if Kafka
import Connectors
import Dataflow
import Foundation
import Kafka
import Testing

/// The broker that integration tests run against: the one named by SLOSCOUT_TEST_KAFKA, or one that this process starts and stops.
enum TestBroker {
  private static let started = Result { try find() }

  /// Its address. A missing broker fails the test that asks.
  static func address() throws -> String { try started.get() }

  private static func find() throws -> String {
    if let address = ProcessInfo.processInfo.environment["SLOSCOUT_TEST_KAFKA"], !address.isEmpty { return address }
    let folder = "\(TestServer.root)/.kafka/test"
    let address = try script("start", folder: folder)
    atexit { _ = try? TestBroker.script("stop", folder: "\(TestServer.root)/.kafka/test") }
    return address
  }

  /// Runs scripts/kafka.sh and answers with what it printed.
  @discardableResult
  static func script(_ command: String, folder: String, keep: Bool = false) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["bash", "\(TestServer.root)/scripts/kafka.sh", command, "--dir", folder] + (keep ? ["--keep"] : [])
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let complaint = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw TestServer.Unavailable(
        description: "kafka.sh \(command) exited with \(process.terminationStatus): \(String(decoding: complaint, as: UTF8.self))")
    }
    return String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// A client of it with topics and a ledger of a test's own.
  static func client(_ address: String? = nil, _ change: (inout KafkaOptions) -> Void = { _ in }) throws -> KafkaTopicClient {
    var options = KafkaOptions(brokers: [try address ?? self.address()])
    options.progressTopic = name("progress")
    options.shape.partitions = 3
    change(&options)
    return KafkaTopicClient(options)
  }

  /// A name that no other test has.
  static func name(_ what: String) -> String { "\(what)-\(UInt64.random(in: 0 ... .max))" }
}

/// Reading and writing topics of any kind without a job around it.
enum TopicRun {
  struct Record: Hashable {
    var partition: Int
    var offset: Int64
    var key: String?
    var value: String?
    var timestamp: Int64
    var headers: String?
  }

  static func stage(_ records: [(key: String?, value: String?, time: Int64)]) -> [UInt8] {
    var stage = TopicStage.signature
    for record in records {
      view(record.key) { key in view(record.value) { TopicRecord.append(timestamp: record.time, key: key, value: $0, to: &stage) } }
    }
    return stage
  }

  static func stage(_ values: [String]) -> [UInt8] { stage(values.map { ($0, $0, 1_000_000) }) }

  private static func view<T>(_ text: String?, _ body: (ByteView) -> T) -> T {
    guard let text else { return body(.null) }
    // Never empty, so that there is an address.
    let bytes = Array(text.utf8) + [0]
    return bytes.withUnsafeBufferPointer { body(ByteView(base: $0.baseAddress, count: bytes.count - 1)) }
  }

  static func epoch(_ number: UInt64, _ values: [String]) -> StagedEpoch {
    let bytes = stage(values)
    var hasher = KeyHasher()
    bytes.withUnsafeBufferPointer { hasher.combine($0.baseAddress, $0.count) }
    return StagedEpoch(epoch: number, chunks: [bytes], rows: values.count, digest: hasher.finish().high, manifest: "m-\(number)")
  }

  static func records(_ batch: RecordBatch, partition: Int) -> [Record] {
    let fields = TopicColumns.schema.fields
    return (0..<batch.selectedCount).map { index in
      let row = Int(batch.selection[index])
      func text(_ field: Field) -> String? {
        batch.bytes(field)[row].isNull ? nil : String(decoding: batch.bytes(field)[row].buffer, as: UTF8.self)
      }
      return Record(
        partition: partition, offset: batch.offsets[row], key: text(fields[0]), value: text(fields[1]), timestamp: batch.times[row],
        headers: text(fields[3]))
    }
  }

  /// Everything in the topic, partition by partition.
  static func readAll(_ client: any TopicClient, _ topic: String) throws -> [Record] {
    let reader = try client.makeReader(topic)
    defer { reader.close() }
    try reader.refresh()
    var all: [Record] = []
    for partition in 0..<reader.partitions {
      var next = try reader.start(partition)
      while next < reader.end(partition) {
        let batch = RecordBatch(schema: TopicColumns.schema)
        let after = try reader.readWaiting(partition, from: next, below: .max, into: batch)
        all += records(batch, partition: partition)
        try #require(after > next, "reading stopped before the end")
        next = after
      }
    }
    return all
  }

  static func values(_ client: any TopicClient, _ topic: String) throws -> [String] {
    try readAll(client, topic).compactMap(\.value).sorted()
  }

  /// A source's reader, open and restored.
  static func open(
    _ client: any TopicClient, _ options: TopicSourceOptions, from positions: [SplitPosition]? = nil
  ) throws -> any SourceReader {
    let reader = try TopicSource.plan(client, options).make()
    try reader.open(SourceContext(job: "j", id: "s", runtime: SystemRuntime(threads: 1)))
    if let positions { try reader.restore(positions) }
    return reader
  }

  /// Polls until so many records came or the source is drained; gives up after half a minute.
  static func poll(_ reader: any SourceReader, count: Int) throws -> [String] {
    var values: [String] = []
    let runtime = SystemRuntime(threads: 1)
    let deadline = runtime.monotonic() + 30_000_000_000
    while values.count < count, runtime.monotonic() < deadline {
      let batch = RecordBatch(schema: TopicColumns.schema)
      let status = try reader.poll(batch)
      values += records(batch, partition: 0).compactMap(\.value)
      if case .drained = status { break }
      if case .wait = status { runtime.block(nanoseconds: 2_000_000) }
    }
    return values
  }
}
#endif
