import Connectors
import Dataflow
import DataflowTesting
import Testing

@Suite("dead letters")
struct DeadLetterTests {
  private let folder = TestFolder()
  private let runtime = TestRuntime()

  private func client(_ files: any LogFiles = PosixFileSystem()) -> LocalTopicClient {
    var settings = LocalTopicSettings()
    settings.partitions = 2
    settings.isDurable = false
    return LocalTopicClient(root: folder.path, settings: settings, files: files)
  }

  private struct Letter {
    var source: String
    var offset: Int64
    var raw: String?
    var reason = "bad"
    var stage = "parse"
  }

  /// Writes letters as a job's sink does.
  private func write(_ letters: [Letter]) throws {
    let config = Config(["topic": .string("dlq"), "format": .object(Config(["type": .string("dead-letter")]))])
    let connection = Config(["path": .string(folder.path), "partitions": .int(2), "sync": .string("never")])
    let planned = try TopicSink.type.plan(config, connection, ErrorRecords.schema)
    let splits = SplitTable()
    let writer = try #require(try planned.make() as? any SinkWriter)
    try writer.open(OperatorContext(job: "j", id: "s", splits: splits, runtime: runtime))
    let rows = letters.map { letter in
      TestRow(
        77,
        [
          .text(letter.stage), .text(letter.reason), .text("no \"good\""), .null, .int(letter.offset),
          letter.raw.map { .text($0) } ?? .null,
        ])
    }
    let batch = TestRow.batch(rows, ErrorRecords.schema)
    for (row, letter) in letters.enumerated() { batch.splits[row] = splits.register(letter.source) }
    try writer.process(batch, Output(operatorID: "s"))
    _ = try client().makeAppender("dlq", runtime).append([writer.takeStage().bytes])
  }

  private func letters() throws -> [DeadLetter] {
    var all: [DeadLetter] = []
    _ = try DeadLetterTopic(client(), "dlq").forEach { all.append($0) }
    return all
  }

  private func replay(to target: String? = nil, _ files: any LogFiles = PosixFileSystem(), reason: String? = nil) throws -> DeadLetterReplay
    .Result?
  {
    try DeadLetterReplay(DeadLetterTopic(client(files), "dlq"), to: target, runtime: runtime) { (reason ?? $0.reason) == $0.reason }.run()
  }

  /// How many were put back now, how many before, and how many have no home.
  private func counts(_ result: DeadLetterReplay.Result?) -> [Int]? { result.map { [$0.replayed, $0.before, $0.homeless] } }

  @Test("a letter keeps the bytes, the stage, the error and the place")
  func kept() throws {
    try write([Letter(source: "raw/1", offset: 12, raw: "{\"é"), Letter(source: "logs/a/b.log", offset: 5, raw: nil, reason: "late")])
    let found = try letters()
    let first = try #require(found.first { $0.reason == "bad" })
    #expect(first.bytes == Array("{\"é".utf8) && first.stage == "parse" && first.detail == "no \"good\"" && first.timestamp == 77)
    #expect(first.source == "raw/1" && first.offset == 12 && first.origin?.topic == "raw" && first.origin?.partition == 1)
    let second = try #require(found.first { $0.reason == "late" })
    #expect(second.bytes == nil && second.origin == nil && second.source == "logs/a/b.log")
  }

  @Test("records of another kind in the topic are counted, and only error records can be dead letters")
  func others() throws {
    try write([Letter(source: "raw/1", offset: 12, raw: "x")])
    _ = try client().makeAppender("dlq", runtime).append([TopicHarness.stage([(nil, "y", 1)])])
    #expect(try DeadLetterTopic(client(), "dlq").forEach { _ in }?.others == 1)
    #expect(try DeadLetterTopic(client(), "none").forEach { _ in } == nil)
    let config = Config(["topic": .string("dlq"), "format": .object(Config(["type": .string("dead-letter")]))])
    let error = #expect(throws: Diagnostic.self) {
      try TopicSink.type.plan(config, Config(["path": .string(folder.path)]), Schema([("value", .bytes)]))
    }
    #expect(error?.code == "topic.no-errors")
  }

  @Test("a replay puts each letter where it came from, with the key and the headers of its original, and a second one finds nothing to do")
  func replays() throws {
    var stage = TopicStage.signature
    let start = "key".utf8.withContiguousStorageIfAvailable {
      TopicRecord.begin(timestamp: 5, key: ByteView(base: $0.baseAddress, count: $0.count), to: &stage)
    }
    stage += Array("broken".utf8)
    TopicRecord.append(header: Array("h".utf8), .null, to: &stage)
    TopicRecord.finish(try #require(start), valueCount: 6, headers: 1, in: &stage)
    _ = try client().makeAppender("raw", runtime).append([stage])
    let original = try #require(try TopicHarness.readAll(client(), "raw").first)
    try write([
      Letter(source: "raw/\(original.partition)", offset: original.offset, raw: "broken"),
      Letter(source: "raw/0", offset: 4711, raw: "lost"),
      Letter(source: "other/0", offset: 0, raw: "elsewhere"), Letter(source: "file:logs/3", offset: 0, raw: "file"),
      Letter(source: "raw/0", offset: 1, raw: nil),
    ])
    #expect(try counts(replay()) == [3, 0, 2])
    let raw = try TopicHarness.readAll(client(), "raw").filter { $0 != original }
    let again = try #require(raw.first { $0.text == "broken" })
    #expect(again.key == original.key && again.headers == #"{"h":null}"# && again.timestamp == 5)
    let lost = try #require(raw.first { $0.text == "lost" })
    #expect(lost.key == nil && lost.headers == nil && lost.timestamp == 77)
    #expect(raw.count == 2)
    #expect(try TopicHarness.readAll(client(), "other").map(\.text) == ["elsewhere"])
    #expect(try counts(replay()) == [0, 3, 2])
    try write([Letter(source: "raw/0", offset: 9, raw: "new")])
    #expect(try counts(replay()) == [1, 3, 2])
    #expect(try counts(replay(to: "fixed")) == [5, 0, 1])
    #expect(try counts(replay()) == [0, 4, 2])
  }

  @Test("letters that a filter left out wait for a later replay")
  func filters() throws {
    try write((0..<40).map { Letter(source: "raw/0", offset: $0, raw: "\($0)", reason: $0 % 3 == 0 ? "a" : "b") })
    #expect(try replay(reason: "b")?.replayed == 26)
    try write((40..<50).map { Letter(source: "raw/0", offset: $0, raw: "\($0)", reason: $0 % 3 == 0 ? "a" : "b") })
    #expect(try replay(reason: "a")?.replayed == 17)
    #expect(try counts(replay()) == [7, 43, 0])
    #expect(try TopicHarness.readAll(client(), "raw").compactMap { Int($0.text) }.sorted() == Array(0..<50))
  }

  @Test("a replay that is killed anywhere, and run again, puts each letter back once")
  func killed() throws {
    try write((0..<30).map { Letter(source: $0 % 2 == 0 ? "raw/0" : "other/1", offset: $0, raw: "\($0)", reason: $0 % 3 == 0 ? "a" : "b") })
    let whole = DyingFiles()
    _ = try replay(to: "count", whole)
    for changes in 0...whole.changes {
      // Targets of their own for each round: the marks are kept with them.
      let target = "t\(changes)"
      #expect(throws: FileError.self) { try replay(to: target, DyingFiles(after: changes)) }
      _ = try replay(to: target)
      #expect(
        try TopicHarness.readAll(client(), target).compactMap { Int($0.text) }.sorted() == Array(0..<30), "killed after \(changes) changes")
    }
  }
}
