import Dataflow
import Operators
import Testing

/// `redact-pii` and `fingerprint`, driven with hand-made batches.
@Suite("redact-pii and fingerprint")
struct TextOperatorTests {
  private static let schema = Schema([("message", .bytes), ("count", .int64)])

  private func batch(_ messages: [String?], schema: Schema = Self.schema) -> RecordBatch {
    let batch = RecordBatch(schema: schema)
    for message in messages {
      let row = batch.appendRow()
      batch.bytes(schema.fields[0])[row] = message.map { batch.copy($0) } ?? .null
    }
    return batch
  }

  private func plan(_ type: OperatorType, _ options: [String: Config.Value] = [:], _ schema: Schema = Self.schema) throws -> PlannedOperator
  {
    try type.plan(Config(options), schema)
  }

  @Test("redact-pii writes a fresh column and leaves the original bytes where nothing was found")
  func redacts() throws {
    let planned = try plan(RedactPII.type)
    let output = CapturingOutput()
    let input = batch(["mail bob@example.com now", "nothing here", nil, ""])
    let original = input.bytes(Self.schema.fields[0])[1].base
    try planned.make().process(input, output)
    let text = try #require(planned.schema.field("message"))
    #expect(output.strings(text) == ["mail <email> now", "nothing here", nil, ""])
    let result = try #require(output.batches.first)
    #expect(result.bytes(text)[1].base == original)
    #expect(result.bytes(Self.schema.fields[0])[0].string == "mail bob@example.com now")
    #expect(output.counters.emitted == 4)
  }

  @Test("fingerprint behind redact-pii only names what redact-pii found")
  func fuses() throws {
    let redact = try plan(RedactPII.type)
    let fingerprint = try plan(Fingerprint.type, [:], redact.schema)
    let output = CapturingOutput()
    let input = batch(["took 12 s for bob@example.com", "took 7 s for x@example.org", "other", nil])
    try redact.make().process(input, ForwardingOutput(try fingerprint.make(), output))
    let shape = try #require(fingerprint.schema.field("shape"))
    let template = try #require(fingerprint.schema.field("template"))
    let shapes = output.strings(shape)
    #expect(shapes[0] == shapes[1] && shapes[0] != shapes[2] && shapes[3] == nil)
    #expect(shapes[0]?.utf8.count == 32)
    #expect(output.strings(template) == ["took <num> s for <email>", "took <num> s for <email>", "other", nil])
    #expect(fingerprint.schema.fields.map(\.name) == ["message", "count", "shape", "template"])
    #expect(fingerprint.schema.width == redact.schema.width)
  }

  @Test("fingerprint alone gives the same shapes as behind redact-pii")
  func sameAlone() throws {
    let messages = ["took 12 s for bob@example.com", "password=hunter2 from 10.0.0.1", "x", "call +1 415 555 0132"]
    let alone = try plan(Fingerprint.type)
    let direct = CapturingOutput()
    try alone.make().process(batch(messages), direct)
    let redact = try plan(RedactPII.type)
    let behind = try plan(Fingerprint.type, [:], redact.schema)
    let fused = CapturingOutput()
    try redact.make().process(batch(messages), ForwardingOutput(try behind.make(), fused))
    for name in ["shape", "template"] {
      let a = try #require(alone.schema.field(name))
      let b = try #require(behind.schema.field(name))
      #expect(direct.strings(a) == fused.strings(b))
    }
  }

  @Test("names of the output fields can be chosen, and replace fields of those names")
  func names() throws {
    let schema = Schema([("message", .bytes), ("id", .bytes)])
    for prefix in [[], [RedactPII.type]] {
      var input = schema
      for type in prefix { input = try plan(type, [:], input).schema }
      let planned = try plan(Fingerprint.type, ["shape": .string("id"), "template": .string("text")], input)
      #expect(planned.schema.fields.map(\.name).sorted() == ["id", "message", "text"])
      #expect(planned.schema.field("id")?.column != schema.field("id")?.column)
    }
  }

  @Test("only the chosen types leave the text, and the shape does not depend on the choice")
  func types() throws {
    let messages = ["bob@example.com at 10.1.2.3", "bob@example.com at 10.1.2.3:80 pwd=x1"]
    let some = try plan(RedactPII.type, ["types": .list([.string("email")])])
    let all = try plan(RedactPII.type)
    let someOutput = CapturingOutput()
    let allOutput = CapturingOutput()
    try some.make().process(batch(messages), someOutput)
    try all.make().process(batch(messages), allOutput)
    #expect(someOutput.strings(try #require(some.schema.field("message"))) == ["<email> at 10.1.2.3", "<email> at 10.1.2.3:80 pwd=x1"])
    #expect(allOutput.strings(try #require(all.schema.field("message"))) == ["<email> at <ip>", "<email> at <ip>:80 pwd=<password>"])
    let shape = try #require(all.schema.field("message#shape"))
    let template = try #require(all.schema.field("message#template"))
    #expect(someOutput.strings(shape) == allOutput.strings(shape))
    #expect(someOutput.strings(template) == allOutput.strings(template))
  }

  @Test("spans are counted by type")
  func counts() throws {
    let op = try #require(try plan(RedactPII.type).make() as? RedactPII)
    try op.process(batch(["a@b.com c@d.org", "10.1.2.3", "nothing"]), CapturingOutput())
    #expect(op.redacted[.email] == 2 && op.redacted[.ipv4] == 1 && op.redacted.total == 3)
  }

  @Test("only selected rows are touched")
  func selection() throws {
    let planned = try plan(RedactPII.type)
    let output = CapturingOutput()
    let input = batch(["a@b.com", "c@d.com", "e@f.com"])
    input.filterSelection { $0 == 1 }
    let op = try #require(try planned.make() as? RedactPII)
    try op.process(input, output)
    #expect(output.strings(try #require(planned.schema.field("message"))) == ["<email>"])
    #expect(op.redacted.total == 1 && output.counters.emitted == 1)
  }

  @Test("an unknown field and a field that is no text are refused with a hint")
  func diagnostics() throws {
    for type in [RedactPII.type, Fingerprint.type] {
      #expect(throws: Diagnostic.self) { try plan(type, ["field": .string("nope")]) }
      #expect(throws: Diagnostic.self) { try plan(type, ["field": .string("count")]) }
    }
    #expect(throws: Diagnostic.self) { try plan(Fingerprint.type, ["shape": .string("a"), "template": .string("a")]) }
  }

  @Test("views outlive the cache generation and the operator that made them")
  func generations() throws {
    let planned = try plan(Fingerprint.type)
    let output = CapturingOutput()
    let letters = (0..<26).map { String(UnicodeScalar(UInt8(97 + $0))) }
    do {
      let op = try planned.make()
      // More shapes than one generation holds: 26^3 * 4 = 70,304.
      var messages: [String] = []
      func flush() throws {
        try op.process(batch(messages), output)
        messages = []
      }
      for a in letters {
        for b in letters {
          for c in letters {
            for suffix in ["p", "q", "r", "s"] {
              messages.append("word \(a)\(b)\(c)\(suffix) 17")
              if messages.count == RecordBatch.capacity { try flush() }
            }
          }
        }
      }
      try flush()
    }
    let template = try #require(planned.schema.field("template"))
    let shape = try #require(planned.schema.field("shape"))
    let templates = output.strings(template)
    #expect(templates.count == 70_304)
    #expect(templates.first == "word aaap <num>" && templates.last == "word zzzs <num>")
    #expect(Set(output.strings(shape)).count == 70_304)
  }
}

/// Keeps what an operator hands on.
final class CapturingOutput: Output {
  private(set) var batches: [RecordBatch] = []

  init(onError: ErrorPolicy = .fail) { super.init(operatorID: "test", onError: onError) }

  override func deliver(_ batch: RecordBatch) throws { batches.append(batch) }

  /// The alive values of a bytes field, in order.
  func strings(_ field: Field) -> [String?] {
    batches.flatMap { batch in
      (0..<batch.selectedCount).map { i in
        let view = batch.bytes(field)[Int(batch.selection[i])]
        return view.isNull ? nil : view.string
      }
    }
  }
}

/// Hands batches to the next operator of a chain.
final class ForwardingOutput: Output {
  private let next: any Operator
  private let output: Output

  init(_ next: any Operator, _ output: Output) {
    self.next = next
    self.output = output
    super.init(operatorID: "forward")
  }

  override func deliver(_ batch: RecordBatch) throws { try next.process(batch, output) }
}
