import Dataflow
import Operators
import Testing

/// `redact-pii` with several fields, lists and patterns, and texts that cannot be redacted.
@Suite("redact-pii: fields, counts and failures")
struct RedactFieldsTests {
  private static let schema = Schema([("message", .bytes), ("attributes", .bytes), ("count", .int64)])

  private func run(_ rows: [(String?, String?)], _ options: [String: Config.Value]) throws -> (CapturingOutput, PlannedOperator, RedactPII)
  {
    let planned = try RedactPII.type.plan(Config(options), Self.schema)
    let batch = RecordBatch(schema: Self.schema)
    for (message, attributes) in rows {
      let row = batch.appendRow()
      batch.bytes(Self.schema.fields[0])[row] = message.map { batch.copy($0) } ?? .null
      batch.bytes(Self.schema.fields[1])[row] = attributes.map { batch.copy($0) } ?? .null
    }
    let output = CapturingOutput()
    let operation = try #require(try planned.make() as? RedactPII)
    try operation.process(batch, output)
    return (output, planned, operation)
  }

  private let both: Config.Value = .list([.string("message"), .string("attributes")])

  @Test("every field that is named is redacted, the others stay, and counts are of all of them")
  func several() throws {
    let rows: [(String?, String?)] = [("mail a@x.io", #"{"ip":"10.1.2.3"}"#), (nil, "b@x.io"), ("plain", nil)]
    let (output, planned, operation) = try run(rows, ["fields": both])
    #expect(output.strings(try #require(planned.schema.field("message"))) == ["mail <email>", nil, "plain"])
    #expect(output.strings(try #require(planned.schema.field("attributes"))) == [#"{"ip":"<ip>"}"#, "<email>", nil])
    #expect(operation.counts.map(\.name) == ["email", "ipv4"] && operation.counts.map(\.count) == [2, 1])
    let (single, plannedSingle, _) = try run(rows, [:])
    #expect(single.strings(try #require(plannedSingle.schema.field("attributes")))[1] == "b@x.io")
  }

  @Test("words and patterns of the job are taken out of every field and counted by their names")
  func patterns() throws {
    let options: [String: Config.Value] = [
      "fields": both, "deny": .list([.string("nightfall")]),
      "patterns": .list([.object(Config(["name": .string("employee"), "regex": .string("E-\\d+")]))]),
    ]
    let (output, planned, operation) = try run([("nightfall by E-17 and a@x.io", "E-18"), ("plain", "plain")], options)
    #expect(output.strings(try #require(planned.schema.field("message"))) == ["<denied> by <employee> and <email>", "plain"])
    #expect(output.strings(try #require(planned.schema.field("attributes"))) == ["<employee>", "plain"])
    #expect(operation.counts.map { "\($0.name) \($0.count)" } == ["email 1", "denied 1", "employee 2"])
    let templates = output.strings(try #require(planned.schema.field("message#template")))
    #expect(templates == ["<denied> by <employee> and <email>", "plain"])
  }

  @Test("a text that cannot be redacted is never passed on: its record is refused, or the text gives way to a remark")
  func failures() throws {
    // No text is known that resists eight rounds; with none, every text with personal data does.
    let options = RedactionOptions(rules: RedactionRules(rounds: 0))
    let fields = Array(Self.schema.fields.prefix(2))
    for blanks in [true, false] {
      let planned = RedactPII.plan(options, fields, blanks: blanks, in: Self.schema)
      let batch = RecordBatch(schema: Self.schema)
      for (message, attributes) in [("a@x.io", "fine"), ("fine", "b@x.io"), ("fine", "fine"), ("c@x.io", "d@x.io")] {
        let row = batch.appendRow()
        batch.bytes(fields[0])[row] = batch.copy(message)
        batch.bytes(fields[1])[row] = batch.copy(attributes)
        batch.raws[row] = batch.copy("raw \(message)")
      }
      let output = CapturingOutput(onError: .route)
      try planned.make().process(batch, output)
      let messages = output.strings(try #require(planned.schema.field("message")))
      let attributes = output.strings(try #require(planned.schema.field("attributes")))
      if blanks {
        #expect(messages == ["<unredactable>", "fine", "fine", "<unredactable>"])
        #expect(attributes == ["fine", "<unredactable>", "fine", "<unredactable>"])
      } else {
        #expect(messages == ["fine"] && attributes == ["fine"])
      }
      #expect(output.counters.errors == (blanks ? 0 : 3) && output.counters.emitted == (blanks ? 4 : 1))
    }
  }
}
