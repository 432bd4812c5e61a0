import Connectors
import Dataflow
import DataflowTesting
import Synchronization
import Testing

@Suite("topic source")
struct TopicSourceTests {
  private let folder = TestFolder()
  private let runtime = TestRuntime()

  private func client(_ change: (inout LocalTopicSettings) -> Void = { _ in }) -> LocalTopicClient {
    var settings = LocalTopicSettings()
    settings.isDurable = false
    change(&settings)
    return LocalTopicClient(root: folder.path, settings: settings)
  }

  private func append(_ client: LocalTopicClient, _ values: [String], to topic: String = "t", key: String? = nil) throws {
    _ = try client.makeAppender(topic, runtime).append([TopicHarness.stage(values.map { (key ?? $0, $0, 5) })])
  }

  /// A reader, open and restored.
  private func open(
    _ client: LocalTopicClient, _ options: TopicSourceOptions, subtask: Int = 0, of parallelism: Int = 1, splits: SplitTable = SplitTable(),
    from positions: [SplitPosition]? = nil
  ) throws -> any SourceReader {
    let reader = try TopicSource.plan(client, options).make()
    try reader.open(SourceContext(job: "j", id: "s", subtask: subtask, parallelism: parallelism, splits: splits, runtime: runtime))
    if let positions { try reader.restore(positions) }
    return reader
  }

  /// Polls until there is nothing more.
  private func drain(_ reader: any SourceReader) throws -> [String] {
    var values: [String] = []
    while true {
      let batch = RecordBatch(schema: TopicColumns.schema)
      let status = try reader.poll(batch)
      values += TopicHarness.records(batch, partition: 0).map(\.text)
      guard case .more = status else { return values }
    }
  }

  @Test("every record once, from any position, at any parallelism", arguments: 0..<4 as Range<UInt64>)
  func conformance(seed: UInt64) throws {
    let client = client {
      $0.partitions = 3
      $0.segmentBytes = 5_000
    }
    for start in stride(from: 0, to: 3000, by: 500) { try append(client, (start..<start + 500).map { "\($0)" }, to: "a") }
    try append(client, (0..<1500).map { "b\($0)" }, to: "b", key: "one")
    var options = TopicSourceOptions(topics: ["a", "b"])
    options.isBounded = true
    #expect(try SourceConformance.problems(TopicSource.plan(client, options), count: 4500, seed: seed) == [])
  }

  @Test("a follower sees what comes later, partitions that are added, and topics that do not exist yet")
  func follows() throws {
    let warnings = Mutex<[String]>([])
    var options = TopicSourceOptions(topics: ["t"])
    options.warn = { message in warnings.withLock { $0.append(message) } }
    let reader = try open(client(), options)
    #expect(try drain(reader) == [] && reader.positions().isEmpty)
    #expect(warnings.withLock { $0 } == ["topic \"t\" does not exist in \(folder.path) yet: waiting for it"])
    let narrow = client { $0.partitions = 1 }
    try append(narrow, ["a", "b"])
    #expect(try drain(reader) == ["a", "b"])
    #expect(reader.positions().map(\.name) == ["t/0"])
    #expect(try drain(reader) == [])
    try append(client { $0.partitions = 6 }, (0..<50).map { "\($0)" })
    runtime.advance(by: 200_000_000)
    #expect(Set(try drain(reader)) == Set((0..<50).map { "\($0)" }))
    #expect(reader.positions().map(\.name) == (0..<6).map { "t/\($0)" })
    let positions = reader.positions()
    try append(client(), ["z"])
    #expect(try drain(try open(client(), options, from: positions)) == ["z"])
  }

  @Test("latest starts at the end, but partitions that come later are read from their beginning")
  func latest() throws {
    try append(client { $0.partitions = 1 }, ["old"])
    var options = TopicSourceOptions(topics: ["t"])
    options.startsAtEnd = true
    let reader = try open(client(), options)
    #expect(try drain(reader) == [])
    let positions = reader.positions()
    try append(client { $0.partitions = 3 }, (0..<20).map { "\($0)" })
    runtime.advance(by: 200_000_000)
    #expect(Set(try drain(reader)) == Set((0..<20).map { "\($0)" }))
    #expect(Set(try drain(try open(client(), options, from: positions))) == Set((0..<20).map { "\($0)" }))
  }

  @Test("records that retention removed before they were read stop the job, or are passed over if it says so")
  func gaps() throws {
    let client = client {
      $0.partitions = 1
      $0.segmentBytes = 500
      $0.retentionBytes = 2_000
    }
    try append(client, ["first"])
    var options = TopicSourceOptions(topics: ["t"])
    let reader = try open(client, options)
    #expect(try drain(reader) == ["first"])
    for value in 0..<100 { try append(client, ["value \(value)"]) }
    let error = #expect(throws: SourceError.self) { try drain(reader) }
    #expect(error?.message.contains("was removed by retention") == true && error?.isTransient == false)
    options.skipsGaps = true
    let values = try drain(try open(client, options, from: reader.positions()))
    #expect(values.last == "value 99" && values.count < 100 && values.count > 5)
  }

  @Test("a topic that was removed and made anew, or set back, is not taken for the old one")
  func replaced() throws {
    try append(client { $0.partitions = 1 }, ["a", "b"])
    let options = TopicSourceOptions(topics: ["t"])
    let reader = try open(client(), options)
    #expect(try drain(reader).count == 2)
    let positions = reader.positions()
    #expect(try TopicPositionText.of(positions) == ["t/0 at 2"])
    // Another id: the test's clockwork gives the same random number each time, so it is changed by hand.
    var commit = try #require(try client().topic("t").commit())
    commit.id ^= 1
    folder.write("t/commit", commit.encoded)
    #expect(throws: SourceError.self) { try open(client(), options, from: positions) }
    #expect(throws: SourceError.self) { try drain(reader) }
    commit.id ^= 1
    commit.ends[0].offset = 1
    folder.write("t/commit", commit.encoded)
    let error = #expect(throws: SourceError.self) { try open(client(), options, from: positions) }
    #expect(error?.message == "topic \"t\" ends at offset 1 of partition 0, but was read up to 2")
  }

  @Test("a bounded source of a topic that does not exist says so, and one of an empty topic is at its end")
  func absent() throws {
    var options = TopicSourceOptions(topics: ["t"])
    options.isBounded = true
    #expect(throws: SourceError.self) { try open(client(), options) }
    try client().topic("t").create(runtime)
    let reader = try open(client(), options)
    let batch = RecordBatch(schema: TopicColumns.schema)
    guard case .drained = try reader.poll(batch) else {
      Issue.record("an empty topic is not at its end")
      return
    }
  }

  @Test("headers come as a JSON object, times as event times, the value as the raw record")
  func columns() throws {
    let schema = Schema([("key", .bytes), ("value", .bytes), ("n", .int64), ("at", .time)])
    let config = Config([
      "topic": .string("t"), "key": .string("n"), "timestamp": .string("at"), "headers": .list([.string("key"), .string("n")]),
      "format": .object(Config(["type": .string("raw")])),
    ])
    let connection = Config(["path": .string(folder.path), "partitions": .int(1), "sync": .string("never")])
    let planned = try TopicSink.type.plan(config, connection, schema)
    let writer = try #require(try planned.make() as? any SinkWriter)
    let rows = [
      TestRow(9, [.text("a\"b"), .text("v"), .int(7), .int(1_000)]), TestRow(9, [.null, .null, .null, .null]),
    ]
    try writer.open(OperatorContext(job: "j", id: "s", runtime: runtime))
    try writer.process(TestRow.batch(rows, schema), Output(operatorID: "s"))
    let stage = writer.takeStage()
    #expect(stage.rows == 2)
    _ = try client().makeAppender("t", runtime).append([stage.bytes])
    let source = try TopicSource.type.plan(
      Config(["topics": .list([.string("t")]), "mode": .string("once"), "connection": .object(connection)]))
    let reader = try source.make()
    try reader.open(SourceContext(job: "j", id: "s", runtime: runtime))
    var found: [ReadRecord] = []
    while true {
      let batch = RecordBatch(schema: TopicColumns.schema)
      let status = try reader.poll(batch)
      found += TopicHarness.records(batch, partition: 0)
      for row in 0..<batch.count { #expect(batch.raws[row].isNull == batch.bytes(TopicColumns.schema.fields[1])[row].isNull) }
      if case .drained = status { break }
    }
    let first = try #require(found.first { $0.value != nil })
    #expect(first.key == Array("7".utf8) && first.timestamp == 1_000 && first.headers == #"{"key":"a\"b","n":"7"}"#)
    let second = try #require(found.first { $0.value == nil })
    #expect(second.key == nil && second.timestamp == RecordBatch.noTime && second.headers == #"{"key":null,"n":null}"#)
  }

  @Test("options that cannot be used are told", arguments: ["", ".", "..", "a/b", "ä", String(repeating: "x", count: 250)])
  func names(name: String) throws {
    let connection = Config(["path": .string(folder.path)])
    let schema = Schema([("value", .bytes)])
    #expect(throws: Diagnostic.self) { try TopicSink.type.plan(Config(["topic": .string(name)]), connection, schema) }
    #expect(throws: Diagnostic.self) {
      try TopicSource.type.plan(Config(["topics": .list([.string(name)]), "connection": .object(connection)]))
    }
  }

  @Test("fields that are not there or cannot be used, and a missing connection, are told")
  func options() throws {
    let connection = Config(["path": .string(folder.path)])
    let schema = Schema([("value", .bytes), ("n", .int64), ("v", .vector(3))])
    func code(_ options: [String: Config.Value], _ connection: Config?) -> String? {
      do {
        _ = try TopicSink.type.plan(Config(["topic": .string("t")].merging(options) { $1 }), connection, schema)
        return nil
      } catch { return (error as? Diagnostic)?.code }
    }
    #expect(code([:], connection) == nil)
    #expect(code([:], nil) == "topic.no-connection")
    #expect(code([:], Config(["path": .string("")])) == "topic.path")
    #expect(code([:], Config(["path": .string("x"), "segmentBytes": .byteCount(5)])) == "topic.segment-bytes")
    #expect(code(["key": .string("x")], connection) == "topic.unknown-field")
    #expect(code(["key": .string("v")], connection) == "topic.field-type")
    #expect(code(["timestamp": .string("n")], connection) == "topic.field-type")
    #expect(code(["headers": .list([.string("v")])], connection) == "topic.field-type")
    #expect(code(["format": .object(Config(["type": .string("raw"), "field": .string("n")]))], connection) == "topic.field-type")
    #expect(throws: Diagnostic.self) { try TopicSource.type.plan(Config(["topics": .list([.string("t")])])) }
    #expect(throws: Diagnostic.self) {
      try TopicSource.type.plan(Config(["topics": .list([.string("t"), .string("t")]), "connection": .object(connection)]))
    }
  }

  @Test("error records say which split they came from")
  func splitNames() throws {
    let connection = Config(["path": .string(folder.path), "sync": .string("never")])
    let planned = try TopicSink.type.plan(Config(["topic": .string("dlq")]), connection, ErrorRecords.schema)
    let splits = SplitTable()
    let split = splits.register("raw-telemetry/3")
    let writer = try #require(try planned.make() as? any SinkWriter)
    try writer.open(OperatorContext(job: "j", id: "s", splits: splits, runtime: runtime))
    let batch = TestRow.batch([TestRow(5, [.text("parse"), .text("bad"), .text("no"), .null, .int(17), .text("{")])], ErrorRecords.schema)
    batch.splits[0] = split
    try writer.process(batch, Output(operatorID: "s"))
    _ = try client().makeAppender("dlq", runtime).append([writer.takeStage().bytes])
    let text = try #require(try TopicHarness.readAll(client(), "dlq").first?.text)
    #expect(text == #"{"operator":"parse","reason":"bad","detail":"no","source":"raw-telemetry/3","offset":17,"raw":"{"}"#)
  }
}

/// Positions as a person would say them.
enum TopicPositionText {
  static func of(_ positions: [SplitPosition]) throws -> [String] {
    positions.map { "\($0.name) at \($0.state.suffix(8).reversed().reduce(0) { $0 << 8 | Int64($1) })" }
  }
}
