import Connectors
import Dataflow
import RawServer
import SinkTesting
import Testing

@Suite("the sink and the client for Milvus, without a server")
struct MilvusSinkTests {
  private static let schema = Schema([("shape", .bytes), ("model", .bytes), ("note", .bytes), ("count", .int64), ("embedding", .vector(2))])
  private static let connection = Config(["url": .string("http://127.0.0.1:1")])

  private func harness(_ options: [String: Config.Value] = [:]) throws -> SinkHarness {
    let key: [String: Config.Value] = ["key": .list([.string("shape"), .string("model")])]
    return try SinkHarness(MilvusSink.type, Config(key.merging(options) { $1 }), connection: Self.connection, Self.schema)
  }

  private func refusals(_ rows: [[TestValue]]) throws -> (reasons: [ErrorReason], staged: Int) {
    let writer = try harness().makeWriter()
    var reasons: [ErrorReason] = []
    for row in rows {
      do {
        for batch in TestRows.batches(Self.schema, [row]) { try writer.process(batch, Output(operatorID: "sink", onError: .fail)) }
      } catch let error as RecordError {
        reasons.append(error.reason)
      }
    }
    return (reasons, writer.takeStage().rows)
  }

  @Test("rows that Milvus cannot hold are errors with a reason, the others are staged")
  func badRows() throws {
    let long = TestValue.text(String(repeating: "x", count: 65_536))
    let fine: [TestValue] = ["a", "m", nil, 1, .floats([1, 0])]
    let (reasons, staged) = try refusals([
      fine, [nil, "m", "n", 1, .floats([1, 0])], ["a", "m", "n", 1, nil], ["a", "m", "n", 1, .floats([1])],
      ["a", "m", "n", 1, .floats([1, .nan])], ["a", "m", "n", 1, .floats([.infinity, 0])], ["a", "m", long, 1, .floats([1, 0])],
      [.text(String(repeating: "k", count: 2000)), "m", "n", 1, .floats([1, 0])], ["", "", "日志失败 \u{0}", nil, .floats([0, 0])],
      ["b", .bytes([0xFF, 0xFE]), "n", 1, .floats([1, 0])],
    ])
    #expect(reasons == ["no-key", "no-vector", "no-vector", "no-vector", "no-vector", "too-long", "too-long"])
    #expect(staged == 3)
  }

  @Test(
    "options that cannot be are told with a way out",
    arguments: [
      (["key": .list([])], "milvus.key"), (["key": .list([.string("count")])], "milvus.field"),
      (["key": .list([.string("nothing")])], "milvus.field"), (["vector": .string("note")], "milvus.field"),
      (["fields": .list([.string("embedding")])], "milvus.field"), (["collection": .string("1st")], "milvus.collection"),
      (["collection": .string("a-b")], "milvus.collection"), (["collection": .string("")], "milvus.collection"),
    ] as [([String: Config.Value], String)])
  func badOptions(options: [String: Config.Value], code: String) {
    let error = #expect(throws: Diagnostic.self) { _ = try harness(options) }
    #expect(error?.code == code && error?.hint.isEmpty == false)
  }

  @Test("an address that is none is told, and so is a sink without a connection")
  func badAddress() {
    for url in ["", "milvus:19530", "http://", "http://host:19530/path", "https://ho st"] {
      #expect(#expect(throws: Diagnostic.self) { _ = try MilvusOptions(Config(["url": .string(url)])) }?.code == "milvus.url", "\(url)")
    }
    #expect(throws: Never.self) { _ = try MilvusOptions(Config(["url": .string("https://host:443/")])) }
    #expect(throws: Diagnostic.self) {
      _ = try SinkHarness(MilvusSink.type, Config(["key": .list([.string("shape")])]), connection: nil, Self.schema)
    }
  }

  @Test("texts in conditions end where they should, whatever stands in them")
  func literals() {
    #expect(MilvusClient.literal(#"a"b\c"#) == #""a\"b\\c""#)
    #expect(MilvusClient.literal("a\nb\r\tc") == #""a\nb\r\tc""#)
    #expect(MilvusClient.literal("日志") == "\"日志\"")
  }

  @Test("a server that is away, or no Milvus, is an error that names the cure; being away may pass")
  func noServer() throws {
    let away = #expect(throws: MilvusError.self) { _ = try MilvusClient(MilvusOptions(url: "http://127.0.0.1:1")).hasCollection("x") }
    #expect(away?.isTransient == true && away?.hint.contains("url") == true)
    let open = #expect(throws: SinkError.self) { _ = try harness().open(isFresh: true) }
    #expect(open?.retry == .withBackoff)
    let server = try RawServer { _ in .bytes(Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi".utf8)) }
    let other = #expect(throws: MilvusError.self) { _ = try MilvusClient(MilvusOptions(url: server.address)).hasCollection("x") }
    #expect(other?.description.contains("hint") == true)
  }
}
