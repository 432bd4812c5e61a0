#if Avro
import Connectors
import Dataflow
import SinkTesting
import Testing

@Suite("topics in Avro")
struct AvroFormatTests {
  private let folder = TestFolder()

  private func format(_ schema: String, writers: [String] = [], framing: String = "single-object") -> Config {
    func file(_ text: String) -> String {
      // Named after the content, so that one folder holds many.
      let name = "\(text.utf8.reduce(UInt64(5)) { ($0 &* 31) &+ UInt64($1) }).avsc"
      folder.write(name, text)
      return folder[name]
    }
    return Config([
      "type": .string("avro"), "schema": .string(file(schema)), "framing": .string(framing),
      "writerSchemas": .list(writers.map { .string(file($0)) }),
    ])
  }

  private func record(_ fields: String, name: String = "E") -> String {
    #"{"type":"record","name":"\#(name)","namespace":"test","fields":[\#(fields)]}"#
  }

  private static let everything = #"""
    {"name":"text","type":"string"}, {"name":"maybe","type":["null","string"],"default":null}, {"name":"blob","type":["bytes","null"]},
    {"name":"big","type":"long"}, {"name":"small","type":["null","int"]}, {"name":"real","type":"double"}, {"name":"short","type":"float"},
    {"name":"flag","type":["null","boolean"]}, {"name":"at","type":["null",{"type":"long","logicalType":"timestamp-millis"}]},
    {"name":"kind","type":{"type":"enum","name":"K","symbols":["log","trace"]}}, {"name":"four","type":{"type":"fixed","name":"F","size":4}},
    {"name":"tags","type":{"type":"map","values":"string"}}, {"name":"ids","type":["null",{"type":"array","items":"long"}]},
    {"name":"any","type":["null","string","double",{"type":"array","items":"string"}]},
    {"name":"inner","type":{"type":"record","name":"I","fields":[{"name":"a","type":"long"},{"name":"b","type":["null","string"]}]}},
    {"name":"absent","type":"long","default":-7}, {"name":"none","type":["null","long"]}
    """#
  private static let columns = Schema([
    ("text", .bytes), ("maybe", .bytes), ("blob", .bytes), ("big", .int64), ("small", .int64), ("real", .double), ("short", .double),
    ("flag", .bool), ("at", .time), ("kind", .bytes), ("four", .bytes), ("tags", .bytes), ("ids", .bytes), ("any", .bytes),
    ("inner", .bytes),
    ("unused", .int64),
  ])

  @Test("every kind of field goes out and comes back", arguments: ["single-object", "none"])
  func everyKind(framing: String) throws {
    let format = format(record(Self.everything), framing: framing)
    let rows: [[TestValue]] = [
      [
        "zürich", "x", .bytes([0, 0xFF]), .int(.min), .int(-2_147_483_648), .double(-0.5), .double(1.5), .bool(true), .int(1_999_999_999),
        "trace", "abcd", #"{"k":"v","n":5,"e":"a\"\u00e4"}"#, "[1,-2,9223372036854775807]", "2.5", #"{"b":null,"a":3}"#, 1,
      ],
      [
        "", nil, nil, .int(.max), nil, .double(.infinity), .double(0), nil, .int(-1), "log", "\0\0\0\0", "{}", nil, nil,
        #"{"a":-1,"b":"q"}"#, 1,
      ],
    ]
    let values = try TopicValues.encode(format, Self.columns, rows).values
    let found = try TopicValues.decode(format, values).rows
    #expect(found.count == 2)
    let first: [String: String?] = [
      "text": "zürich", "maybe": "x", "blob": "\0\u{FFFD}", "big": "\(Int64.min)", "small": "-2147483648", "real": "-0.5", "short": "1.5",
      "flag": "true", "at": "1999000000", "kind": "trace", "four": "abcd", "tags": #"{"k":"v","n":"5","e":"a\"ä"}"#,
      "ids": "[1,-2,9223372036854775807]", "any": "2.5", "inner": #"{"a":3,"b":null}"#, "absent": "-7", "none": nil, "key": nil,
      "headers": nil,
    ]
    let second: [String: String?] = [
      "text": "", "maybe": nil, "blob": nil, "big": "\(Int64.max)", "small": nil, "real": "inf", "short": "0.0", "flag": nil,
      "at": "-1000000",
      "kind": "log", "four": "\0\0\0\0", "tags": "{}", "ids": nil, "any": nil, "inner": #"{"a":-1,"b":"q"}"#, "absent": "-7", "none": nil,
      "key": nil, "headers": nil,
    ]
    for (row, expected) in zip(found, [first, second]) {
      for (name, value) in expected { #expect(row[name] == value, "\(name)") }
      #expect(row.count == expected.count)
    }
  }

  @Test("values that the schema does not allow are refused one by one, and leave nothing behind")
  func refused() throws {
    let schema = record(
      #"{"name":"a","type":"string"},{"name":"k","type":{"type":"enum","name":"K","symbols":["x"]}},{"name":"m","type":{"type":"map","values":"long"}}"#
    )
    let columns = Schema([("a", .bytes), ("k", .bytes), ("m", .bytes)])
    let rows: [[TestValue]] = [
      ["1", "x", "{}"], [nil, "x", "{}"], ["2", "y", "{}"], ["3", "x", "{"], ["4", "x", #"{"a":"b"}"#], ["5", "x", "[]"],
      ["6", "x", #"{"a":4}"#],
    ]
    let (values, errors) = try TopicValues.encode(format(schema), columns, rows, onError: .drop)
    #expect(errors == 5)
    #expect(try TopicValues.decode(format(schema), values).rows.map { $0["a"] } == ["1", "6"])
  }

  @Test("text that is no UTF-8 is repaired where the schema says string, and kept where it says bytes")
  func badText() throws {
    let schema = record(#"{"name":"a","type":"string"},{"name":"b","type":"bytes"}"#)
    let bad: TestValue = .bytes([0x61, 0xFF, 0xC3])
    let value = try TopicValues.encode(format(schema, framing: "none"), Schema([("a", .bytes), ("b", .bytes)]), [[bad, bad]]).values[0]
    #expect(value == [14] + Array("a\u{FFFD}\u{FFFD}".utf8) + [6, 0x61, 0xFF, 0xC3])
  }

  // MARK: Evolution

  private static let one =
    #"{"name":"id","type":"string"},{"name":"n","type":"int"},{"name":"old","type":"string"},{"name":"f","type":"float"}"#
  private static let two = #"""
    {"name":"n","type":"double"},{"name":"id","type":["null","string"]},{"name":"f","type":"double"},{"name":"unit","type":"string","default":"ms"},
    {"name":"parent","type":["null","string"],"default":null},{"name":"tags","type":{"type":"map","values":"string"},"default":{"a":"b"}},
    {"name":"count","type":"long","default":12}
    """#

  @Test(
    "a newer schema reads what an older one wrote, with defaults for what is new, and the other way round",
    arguments: ["single-object", "none"])
  func evolution(framing: String) throws {
    let (old, new) = (record(Self.one), record(Self.two))
    let oldColumns = Schema([("id", .bytes), ("n", .int64), ("old", .bytes), ("f", .double)])
    let written = try TopicValues.encode(format(old, framing: framing), oldColumns, [["a", 5, "gone", .double(0.25)]]).values
    let row = try TopicValues.decode(format(new, writers: [old], framing: framing), written).rows[0]
    let expected: [String: String?] = [
      "id": "a", "n": "5.0", "f": "0.25", "unit": "ms", "parent": nil, "tags": #"{"a":"b"}"#, "count": "12",
    ]
    for (name, value) in expected { #expect(row[name] == value, "\(name)") }

    // Back: fields that the old schema lacks are passed over; types may not become narrower.
    let narrow = record(#"{"name":"unit","type":"string"},{"name":"count","type":"long"}"#)
    let newColumns = Schema([("n", .double), ("id", .bytes), ("f", .double), ("parent", .bytes), ("count", .int64)])
    let again = try TopicValues.encode(format(new, framing: framing), newColumns, [[.double(1), "x", .double(2), "p", 9]]).values
    let back = try TopicValues.decode(format(narrow, writers: [new], framing: framing), again).rows[0]
    #expect(back["unit"] == "ms" && back["count"] == "9")
  }

  @Test("with framing, records of several schemas lie in one topic; one that is not known is told by its id")
  func mixed() throws {
    let (old, new) = (record(Self.one), record(Self.two))
    let oldColumns = Schema([("id", .bytes), ("n", .int64), ("old", .bytes), ("f", .double)])
    let newColumns = Schema([("n", .double), ("id", .bytes), ("f", .double)])
    let a = try TopicValues.encode(format(old), oldColumns, [["a", 5, "gone", .double(0.25)]]).values
    let b = try TopicValues.encode(format(new), newColumns, [[.double(6), "b", .double(1)]]).values
    #expect(try TopicValues.decode(format(new, writers: [old]), a + b + a).rows.map { $0["id"] } == ["a", "b", "a"])
    let (rows, refused) = try TopicValues.decode(format(new), a + b + [nil, [], [1, 2, 3]], onError: .route)
    #expect(rows.map { $0["id"] } == ["b"])
    #expect(refused.map(\.reason) == ["unknown-schema", "no-value", "damaged", "damaged"])
    let id = a[0][2..<10].reversed().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    #expect(refused[0].detail == "it was written by schema \(id)")
  }

  @Test(
    "schemas that cannot be read as another are told when the job is checked",
    arguments: [
      (#"{"name":"a","type":"string"},{"name":"b","type":"long"}"#, #"{"name":"a","type":"string"}"#, "no default"),
      (#"{"name":"a","type":"long"}"#, #"{"name":"a","type":"string"}"#, "does not take"),
      (#"{"name":"a","type":"int"}"#, #"{"name":"a","type":"long"}"#, "does not take"),
      (#"{"name":"a","type":"string"}"#, #"{"name":"a","type":["null","string"]}"#, "may be null"),
      (#"{"name":"a","type":"long","default":"x"},{"name":"b","type":"long"}"#, #"{"name":"b","type":"long"}"#, "default"),
    ])
  func incompatible(reader: String, writer: String, words: String) throws {
    let error = #expect(throws: Diagnostic.self) { try TopicValues.decoder(format(record(reader), writers: [record(writer)])) }
    #expect(error?.code == "avro.incompatible" && error?.message.contains(words) == true, "\(String(describing: error))")
  }

  @Test("a time takes no bare number, but the event time if it is asked to")
  func eventTime() throws {
    let schema = record(#"{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}}"#)
    let columns = Schema([("at", .int64)])
    let error = #expect(throws: Diagnostic.self) { try TopicValues.encode(format(schema), columns, [[5]]) }
    #expect(error?.message.contains("say eventTime: at") == true)
    let plain = format(schema)
    func with(_ field: String) -> Config { Config(plain.values.merging(["eventTime": .string(field)]) { $1 }) }
    let value = try TopicValues.encode(with("at"), columns, [[5]], time: -1).values
    #expect(try TopicValues.decode(plain, value).rows[0]["at"] == "-1000000")
    #expect(try TopicValues.encode(with("at"), columns, [[5]], onError: .drop).errors == 1, "there is no event time")
    #expect(throws: Diagnostic.self) { try TopicValues.encode(with("none"), columns, []) }
  }

  @Test("schemas that are none, and columns that do not fit, are told")
  func mistakes() throws {
    func code(_ body: () throws -> Void) -> String? {
      do {
        try body()
        return nil
      } catch { return (error as? Diagnostic)?.code }
    }
    let columns = Schema([("a", .int64), ("t", .time)])
    #expect(code { _ = try TopicValues.decoder(format("{")) } == "avro.schema")
    #expect(code { _ = try TopicValues.decoder(format(#""string""#)) } == "avro.schema")
    #expect(code { _ = try TopicValues.decoder(format(record(#"{"name":"e","type":["null","E"]}"#))) } == "avro.schema")
    #expect(code { _ = try TopicValues.decoder(Config(["type": .string("avro")])) } == "avro.schema")
    #expect(code { _ = try TopicValues.decoder(Config(["type": .string("avro"), "schema": .string(folder["absent"])])) } == "avro.schema")
    #expect(code { _ = try TopicValues.encode(format(record(#"{"name":"a","type":"string"}"#)), columns, []) } == "avro.incompatible")
    #expect(code { _ = try TopicValues.encode(format(record(#"{"name":"z","type":"string"}"#)), columns, []) } == "avro.incompatible")
    #expect(code { _ = try TopicValues.encode(format(record(#"{"name":"t","type":"long"}"#)), columns, []) } == "avro.incompatible")
  }

  // MARK: Hostile input

  @Test("damaged values are refused or read as something else, never beyond their end", arguments: 0..<8 as Range<UInt64>)
  func damaged(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let format = format(record(Self.everything), framing: "none")
    let row: [TestValue] = [
      "text", "x", .bytes([1, 2, 3]), 5, 6, .double(1), .double(2), .bool(false), 7_000_000, "log", "abcd", #"{"k":"v"}"#, "[1,2,3]", "2.5",
      #"{"a":1,"b":"c"}"#, 1,
    ]
    let good = try TopicValues.encode(format, Self.columns, [row]).values[0]
    var values: [[UInt8]?] = (0..<good.count).map { Array(good.prefix($0)) } + [good + [0]]
    #expect(try TopicValues.decode(format, values, onError: .route).refused.count == values.count, "a record that is cut or too long")
    values = (0..<3000).map { _ in
      var bad = good
      for _ in 0..<random.int(1...4) { bad[random.int(0...bad.count - 1)] = UInt8(random.chance(3) ? 0xFF : random.int(0...255)) }
      return bad
    }
    let (rows, refused) = try TopicValues.decode(format, values, onError: .route)
    #expect(rows.count + refused.count == values.count, "seed \(seed)")
  }

  @Test("a count of items that cost nothing is not believed")
  func bombs() throws {
    // An array of nulls: a billion of them would take four bytes.
    let schema = record(#"{"name":"a","type":{"type":"array","items":"null"}},{"name":"m","type":{"type":"map","values":"null"}}"#)
    let bomb: [UInt8] = [0x80, 0xA8, 0xD6, 0xB9, 0x07, 0, 0]
    #expect(try TopicValues.decode(format(schema, framing: "none"), [bomb], onError: .route).refused.map(\.reason) == ["damaged"])
  }
}
#endif
