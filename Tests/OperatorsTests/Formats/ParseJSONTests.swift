import Dataflow
import Operators
import Testing

/// Keeps what an operator hands on.
final class KeptRecords: Output {
  var emitted: [RecordBatch] = []
  var refused: [RecordBatch] = []

  /// Runs a batch as the runtime does, which counts what comes in, and checks the books.
  func run(_ operation: any Operator, _ batch: RecordBatch) throws {
    counters.received += batch.selectedCount
    try operation.process(batch, self)
    try flushErrors()
    #expect(counters.imbalance == 0)
  }

  override func deliver(_ batch: RecordBatch) { emitted.append(batch) }
  override func deliver(_ batch: RecordBatch, to side: SideOutput) { refused.append(batch) }

  /// The refused records as "reason: detail".
  var reasons: [String] {
    refused.flatMap { batch in
      (0..<batch.selectedCount).map {
        let row = Int(batch.selection[$0])
        let fields = ErrorRecords.schema.fields
        return "\(batch.bytes(fields[1])[row].string): \(batch.bytes(fields[2])[row].string)"
      }
    }
  }
}

@Suite struct ParseJSONTests {
  static let lines = Schema([("line", .bytes), ("line#error", .bytes)])

  static func options(_ fields: [(String, Config.Value)], _ more: [String: Config.Value] = [:]) -> Config {
    Config(["fields": .map(fields.map { (key: $0.0, value: $0.1) })].merging(more) { $1 })
  }

  static func path(_ path: String, _ type: String) -> Config.Value {
    .any(ConfigValue(.map([.init(key: "path", value: ConfigValue(.string(path))), .init(key: "type", value: ConfigValue(.string(type)))])))
  }

  static func batch(_ lines: [String?]) -> RecordBatch {
    let batch = RecordBatch(schema: Self.lines)
    for line in lines {
      let row = batch.appendRow()
      batch.bytes(Self.lines.fields[0])[row] = line.map { batch.copy($0) } ?? .null
      batch.raws[row] = batch.bytes(Self.lines.fields[0])[row]
      batch.offsets[row] = Int64(row)
    }
    return batch
  }

  @Test("each record's document becomes fields; records that cannot be read are errors with a reason, and nothing is lost")
  func outcomes() throws {
    let planned = try ParseJSON.type.plan(
      Self.options([("service", .string("string")), ("at", Self.path("time.ms", "int")), ("tags", .any(ConfigValue(.string("json"))))]),
      Self.lines)
    #expect(planned.schema.fields.map(\.name) == ["line", "line#error", "service", "at", "tags"])
    #expect(planned.schema.field("at")?.type == .int64)
    let output = KeptRecords(operatorID: "parsed", onError: .route)
    let secret = "hunter2"
    let batch = Self.batch([
      #"{"service":"pay\t","time":{"ms":17},"tags":[1, {"a":2}]}"#, "{}", nil, #"{"service":"\#(secret)","time":{"ms":"x"}}"#,
      #"{"service":"a""#,
      "7", #"{"time":{"ms":5}}"#,
    ])
    batch.selection[1] = 2  // Row 1 was dropped earlier: it must not be read.
    for index in 2..<6 { batch.selection[index] = UInt16(index + 1) }
    batch.selectedCount = 6
    try output.run(planned.make(), batch)

    let out = try #require(output.emitted.first)
    let field = { planned.schema.field($0)! }
    #expect((0..<out.selectedCount).map { out.selection[$0] } == [0, 6])
    #expect(out.bytes(field("service"))[0].string == "pay\t")
    #expect(out.int64s(field("at"))[0] == 17 && !out.isNull(field("at"), 0))
    #expect(out.bytes(field("tags"))[0].string == #"[1, {"a":2}]"#)
    #expect(out.isNull(field("service"), 6) && out.int64s(field("at"))[6] == 5 && out.isNull(field("tags"), 6))
    #expect(
      output.reasons == [
        #"missing-field: "line" is null"#, #"wrong-type: "at" expects int"#, "malformed-json: at byte 14",
        "wrong-type: the document is not an object",
      ])
    #expect(!output.reasons.joined().contains(secret))
    #expect(output.counters.received == 6)
  }

  @Test("onMissing: fail makes a record without a wanted value an error")
  func failing() throws {
    let planned = try ParseJSON.type.plan(
      Self.options([("a", .string("int")), ("b", .string("int"))], ["onMissing": .string("fail")]), Self.lines)
    let output = KeptRecords(operatorID: "parsed", onError: .route)
    try output.run(planned.make(), Self.batch([#"{"a":1,"b":2}"#, #"{"a":1}"#]))
    #expect(output.counters.emitted == 1)
    #expect(output.reasons == [#"missing-field: the document has no "b""#])
  }

  @Test("onError: fail stops the job and names no contents")
  func stopping() throws {
    let planned = try ParseJSON.type.plan(Self.options([("a", .string("int"))]), Self.lines)
    let error = #expect(throws: RecordError.self) {
      try planned.make().process(Self.batch(["{}", "hunter2"]), Output(operatorID: "parsed"))
    }
    #expect(error?.offset == 1 && error?.detail == "at byte 0")
  }

  @Test("keep drops other input fields, and a new field may replace the document")
  func keeping() throws {
    let planned = try ParseJSON.type.plan(Self.options([("line", .string("string"))], ["keep": .list([])]), Self.lines)
    #expect(planned.schema.fields.map(\.name) == ["line"])
    let output = KeptRecords(operatorID: "parsed")
    try output.run(planned.make(), Self.batch([#"{"line":"inner"}"#]))
    #expect(planned.reads?.map(\.name) == ["line"])
    let out = try #require(output.emitted.first)
    #expect(out.bytes(planned.schema.fields[0])[0].string == "inner")
  }

  @Test(
    "a configuration that cannot work is refused with a code",
    arguments: [
      (["field": .string("body")], [("a", .string("int"))], "config.unknown-field"),
      ([:], [], "config.empty"),
      ([:], [("a", .string("number"))], "config.unknown-type"),
      ([:], [("a", .any(ConfigValue(.map([.init(key: "kind", value: ConfigValue(.string("int")))]))))], "config.unknown-key"),
      ([:], [("a", .any(ConfigValue(.int(3))))], "config.unknown-type"),
      ([:], [("a", ParseJSONTests.path("a..b", "int"))], "config.invalid-path"),
      (["keep": .list([.string("x")])], [("a", .string("int"))], "config.unknown-field"),
    ] as [([String: Config.Value], [(String, Config.Value)], String)])
  func refusals(more: [String: Config.Value], fields: [(String, Config.Value)], code: String) {
    let error = #expect(throws: Diagnostic.self) { try ParseJSON.type.plan(Self.options(fields, more), Self.lines) }
    #expect(error?.code == code)
  }

  @Test("the field must hold bytes")
  func wrongField() {
    let error = #expect(throws: Diagnostic.self) {
      try ParseJSON.type.plan(Self.options([("a", .string("int"))]), Schema([("line", .int64)]))
    }
    #expect(error?.code == "config.wrong-field-type")
  }
}
