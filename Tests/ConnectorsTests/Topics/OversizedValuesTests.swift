import Connectors
import Dataflow
import SinkTesting
import Testing

@Suite("values too long for a topic")
struct OversizedValuesTests {
  private let folder = TestFolder()

  private func values(above: Int = 100) -> OversizedValues {
    let place = folder["store"]
    return OversizedValues(above: above) { try FolderReplica(files: PosixFileSystem(), folder: place, job: "values") }
  }

  /// Rows of a topic: values and headers.
  private func batch(_ records: [(value: [UInt8], headers: String?)]) -> RecordBatch {
    let batch = RecordBatch(schema: TopicColumns.schema)
    let fields = TopicColumns.schema.fields
    for (offset, record) in records.enumerated() {
      let row = batch.appendRow()
      batch.bytes(fields[1])[row] = record.value.withUnsafeBufferPointer { batch.copy($0) }
      batch.bytes(fields[3])[row] = record.headers.map { batch.copy($0) } ?? .null
      batch.raws[row] = batch.bytes(fields[1])[row]
      batch.offsets[row] = Int64(offset)
    }
    return batch
  }

  private func content(_ batch: RecordBatch) -> [[UInt8]] {
    (0..<batch.selectedCount).map { Array(batch.bytes(TopicColumns.schema.fields[1])[Int(batch.selection[$0])].buffer) }
  }

  private func headers(_ reference: [UInt8]) -> String { #"{"a":"b","sloscout-value":"\#(String(decoding: reference, as: UTF8.self))"}"# }

  @Test("come back as they were, whatever stands beside them; the same value is kept once")
  func comeBack() throws {
    let values = values()
    let long = (0..<50_000).map { UInt8(truncatingIfNeeded: $0) }
    let reference = try values.keep(long)
    #expect(try values.keep(long) == reference)
    #expect(try FolderReplica(files: PosixFileSystem(), folder: folder["store"], job: "values").names().count == 1)
    let batch = batch([([1], nil), ([], headers(reference)), ([], #"{"a":"b"}"#), ([2], headers(reference)), ([], nil)])
    #expect(values.cut(batch) == nil)
    try values.restore(batch)
    // A value of its own is a value, whatever a header says.
    #expect(content(batch) == [[1], long, [], [2], []])
    #expect(Array(batch.raws[1].buffer) == long)
  }

  @Test("one that is gone or damaged is told, and nothing is handed out in its place")
  func lost() throws {
    let values = values()
    let reference = try values.keep([UInt8](repeating: 7, count: 500))
    let text = String(decoding: reference, as: UTF8.self)
    let batch = batch([([], headers(reference))])
    for other in [text.replacing(":500", with: ":501"), text.replacing("sha256:", with: "sha256:00000000").replacing(":500", with: "")] {
      let wrong = self.batch([([], headers(Array(other.utf8)))])
      if other.hasSuffix(":501") { #expect(throws: SourceError.self) { try values.restore(wrong) } } else { try values.restore(wrong) }
    }
    let hash = text.split(separator: ":")[1]
    folder.write("store/values/\(hash)", "something else")
    #expect(throws: SourceError.self) { try values.restore(batch) }
    #expect(throws: SinkError.self) { try values.keep([UInt8](repeating: 7, count: 500)) }
    try FolderReplica(files: PosixFileSystem(), folder: folder["store"], job: "values").remove([String(hash)])
    #expect(throws: SourceError.self) { try values.restore(batch) }
  }

  @Test("a batch of references is cut where too much would come back")
  func cut() throws {
    let values = values()
    let references = try (0..<5).map { try values.keep([UInt8](repeating: UInt8($0), count: 7 << 20)) }
    let batch = batch(references.map { ([], headers($0)) })
    #expect(values.cut(batch) == 2)
    try values.restore(batch)
    #expect(content(batch).map(\.count) == [7 << 20, 7 << 20])
  }

  @Test("a sink and a source of one connection hand long and short values through a topic")
  func throughTopic() throws {
    let connection = Config([
      "path": .string(folder["topics"]),
      "oversized": .object(Config(["store": .string(folder["store"]), "above": .byteCount(1000)])),
    ])
    let client = try Topics.client(connection)
    #expect(client.oversized?.above == 1000)
    let format = Config(["topic": .string("t"), "format": .object(Config(["type": .string("raw"), "field": .string("v")]))])
    let planned = try TopicSink.type.plan(format, connection, Schema([("v", .bytes)]))
    let writer = try #require(try planned.make() as? any SinkWriter)
    try writer.open(OperatorContext(job: "job", id: "sink", runtime: TestRuntime()))
    let output = Output(operatorID: "sink", onError: .fail)
    let texts = ["short", String(repeating: "x", count: 5000), String(repeating: "y", count: 1000)]
    for batch in TestRows.batches(Schema([("v", .bytes)]), texts.map { [.text($0)] }) { try writer.process(batch, output) }
    let stage = writer.takeStage().bytes
    #expect(stage.count < 1500)
    var found: [(value: [UInt8], headers: [(String, String)])] = []
    #expect(
      TopicStage.forEach([stage]) { record, _ in
        found.append((Array(record.value.buffer), (record.headers ?? []).map { ($0.name.string, $0.value.string) }))
      } == 3)
    #expect(found.map(\.value.count) == [5, 0, 1000] && found.map(\.headers.count) == [0, 1, 0])
    let batch = batch(found.map { ($0.value, $0.headers.first.map { #"{"\#($0.0)":"\#($0.1)"}"# }) })
    try client.oversized?.restore(batch)
    #expect(content(batch) == texts.map { Array($0.utf8) })
  }
}
