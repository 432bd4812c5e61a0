import Connectors
import Dataflow
import Foundation
import Testing

@Suite("rows as JSON")
struct JSONRowEncoderTests {
  private static let schema = Schema([
    ("i", .int64), ("d", .double), ("b", .bool), ("t", .time), ("s", .bytes), ("v", .vector(2)), ("a \"name\"\n", .int64),
  ])

  private func encode(_ schema: Schema, raw: Set<String> = [], _ fill: (RecordBatch, Int) -> Void) -> String {
    let batch = RecordBatch(schema: schema)
    fill(batch, batch.appendRow())
    var output: [UInt8] = []
    JSONRowEncoder(schema, rawJSON: raw).append(batch, 0, to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  @Test("every column type has its text, and null is null")
  func types() {
    let fields = Self.schema.fields
    let text = encode(Self.schema) { batch, row in
      for field in fields where field.type != .bytes && field.type != .vector(2) { batch.nulls(field)[row] = 0 }
      batch.int64s(fields[0])[row] = .min
      batch.doubles(fields[1])[row] = 0.1
      batch.bools(fields[2])[row] = true
      batch.int64s(fields[3])[row] = 1_764_547_043_635_000_001
      batch.bytes(fields[4])[row] = batch.copy("a\"b\\c\n\u{1}é")
      batch.bytes(fields[5])[row] = [Float(1.5), -.infinity].withUnsafeBytes { batch.copy($0.bindMemory(to: UInt8.self)) }
      batch.int64s(fields[6])[row] = 7
    }
    #expect(
      text
        == #"{"i":-9223372036854775808,"d":0.1,"b":true,"t":"2025-11-30T23:57:23.635000001Z","s":"a\"b\\c\n\u0001é","v":[1.5,null],"a \"name\"\n":7}"#
    )
    let nulls = encode(Self.schema) { batch, row in
      for field in fields where field.type != .bytes && field.type != .vector(2) { batch.nulls(field)[row] = 1 }
      for field in [fields[4], fields[5]] { batch.bytes(field)[row] = .null }
    }
    #expect(nulls == #"{"i":null,"d":null,"b":null,"t":null,"s":null,"v":null,"a \"name\"\n":null}"#)
    #expect(encode(Schema()) { _, _ in } == "{}")
    for number in [Double.nan, .infinity, -.infinity] {
      #expect(
        encode(Schema([("d", .double)])) { batch, row in
          batch.doubles(batch.field("d"))[row] = number
          batch.nulls(batch.field("d"))[row] = 0
        } == #"{"d":null}"#)
    }
  }

  @Test("any bytes become the string that repairing them gives", arguments: 1...20 as ClosedRange<UInt64>)
  func strings(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let schema = Schema([("s", .bytes)])
    for _ in 0..<200 {
      var bytes = (0..<random.int(0...40)).map { _ in random.chance(3) ? UInt8(random.int(0...255)) : UInt8(random.int(0x20...0x7e)) }
      for _ in 0..<random.int(0...3) { bytes += Array("é漢😀\u{7f}".utf8).prefix(random.int(0...10)) }
      let text = encode(schema) { batch, row in batch.bytes(schema.fields[0])[row] = bytes.withUnsafeBufferPointer { batch.copy($0) } }
      #expect(!text.utf8.contains(10))
      let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: String]
      #expect(object?["s"].map { Array($0.utf8) } == Array(String(decoding: bytes, as: UTF8.self).utf8), "seed \(seed)")
    }
  }

  @Test("any number reads as itself", arguments: 1...5 as ClosedRange<UInt64>)
  func numbers(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let schema = Schema([("i", .int64), ("d", .double)])
    for _ in 0..<300 {
      let integer = Int64(bitPattern: random.next()) >> random.int(0...63)
      let double = Double(bitPattern: random.next())
      let text = encode(schema) { batch, row in
        batch.int64s(schema.fields[0])[row] = integer
        batch.doubles(schema.fields[1])[row] = double
        for field in schema.fields { batch.nulls(field)[row] = 0 }
      }
      let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      #expect((object["i"] as? NSNumber)?.int64Value == integer)
      if double.isFinite { #expect(text.hasSuffix(":\(double)}")) } else { #expect(object["d"] is NSNull) }
    }
  }

  @Test("any time reads as the system's calendar has it", arguments: 1...5 as ClosedRange<UInt64>)
  func times(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let schema = Schema([("t", .time)])
    let edges: [Int64] = [
      0, -1, 1, .max, .min + 1, 951_782_400_000_000_000, 951_868_799_999_999_999, -86_400_000_000_000, 4_107_542_399_000_000_000,
    ]
    for time in edges + (0..<300).map({ _ in Int64(bitPattern: random.next()) }) where time != .min {
      let text = encode(schema) { batch, row in
        batch.int64s(schema.fields[0])[row] = time
        batch.nulls(schema.fields[0])[row] = 0
      }
      let (whole, rest) = time.quotientAndRemainder(dividingBy: 1_000_000_000)
      let fraction = rest < 0 ? rest + 1_000_000_000 : rest
      var seconds = time_t(rest < 0 ? whole - 1 : whole)
      var parts = tm()
      gmtime_r(&seconds, &parts)
      let expected = String(
        format: "%04d-%02d-%02dT%02d:%02d:%02d.%09dZ", Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday),
        Int(parts.tm_hour),
        Int(parts.tm_min), Int(parts.tm_sec), Int(fraction))
      #expect(text == "{\"t\":\"\(expected)\"}")
    }
    let none = encode(schema) { batch, row in
      batch.int64s(schema.fields[0])[row] = RecordBatch.noTime
      batch.nulls(schema.fields[0])[row] = 0
    }
    #expect(none == #"{"t":null}"#)
  }

  @Test(
    "raw JSON is written as it is, on one line; what is no JSON becomes a string",
    arguments: [
      (#"{"a":[1,2.5e-3,null,true,false,"\u00e9\n"]}"#, true), ("  [ ]\t", true), ("0", true), ("-0.5E+7", true), (#""x""#, true),
      ("{}", true),
      ("", false), ("{", false), ("[1,]", false), ("01", false), ("1.", false), ("-", false), ("+1", false), ("{a:1}", false),
      (#"{"a"}"#, false),
      (#""\x""#, false), ("\"\u{1}\"", false), ("nul", false), ("1 2", false), ("[1}", false), (#"{"a":1,}"#, false), ("\"abc", false),
      ("NaN", false),
      (String(repeating: "[", count: 600) + String(repeating: "]", count: 600), false),
      (String(repeating: "[", count: 100_000), false),
    ])
  func raw(text: String, isJSON: Bool) {
    let schema = Schema([("r", .bytes)])
    let row = encode(schema, raw: ["r"]) { batch, row in batch.bytes(schema.fields[0])[row] = batch.copy(text) }
    if isJSON {
      #expect(row == "{\"r\":\(text)}")
    } else {
      #expect(row.hasPrefix("{\"r\":\"") && row.hasSuffix("\"}"))
    }
    #expect((try? JSONSerialization.jsonObject(with: Data(row.utf8))) != nil)
  }

  @Test("line feeds in raw JSON become spaces, and bytes that are no UTF-8 are repaired in a string")
  func rawLines() {
    let schema = Schema([("r", .bytes)])
    let lines = encode(schema, raw: ["r"]) { batch, row in batch.bytes(schema.fields[0])[row] = batch.copy("{\n\"a\":\r\n1}") }
    #expect(lines == #"{"r":{ "a":  1}}"#)
    let broken = encode(schema, raw: ["r"]) { batch, row in
      batch.bytes(schema.fields[0])[row] = [0x22, 0xff, 0x22].withUnsafeBufferPointer { batch.copy($0) }
    }
    #expect(broken == "{\"r\":\"\\\"\u{fffd}\\\"\"}")
  }

  @Test("what the check lets through, another parser reads", arguments: 1...10 as ClosedRange<UInt64>)
  func check(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let schema = Schema([("r", .bytes)])
    let good = Array(#"{"k":[1,-2.5e3,true,null,{"x":"a\"\\\u00ff"}],"m":{}}"#.utf8)
    for _ in 0..<300 {
      var bytes = good
      for _ in 0..<random.int(1...3) {
        let at = random.int(0...bytes.count - 1)
        switch random.int(0...2) {
        case 0: bytes[at] = good[random.int(0...good.count - 1)]
        case 1: bytes.remove(at: at)
        default: bytes.insert(UInt8(random.int(0...255)), at: at)
        }
      }
      let row = encode(schema, raw: ["r"]) { batch, row in
        batch.bytes(schema.fields[0])[row] = bytes.withUnsafeBufferPointer { batch.copy($0) }
      }
      #expect((try? JSONSerialization.jsonObject(with: Data(row.utf8))) != nil, "seed \(seed): \(row)")
    }
  }
}

extension RecordBatch {
  /// The field of a schema with one column.
  fileprivate func field(_ name: String) -> Field { Field(name: name, type: .double, column: 0) }
}
