import Operators
import Testing

@Suite struct JSONScannerTests {
  @Test("wanted values of every type are read from their paths")
  func types() {
    let scan = Scan([("s", .string), ("n.i", .int), ("n.d", .double), ("b", .bool), ("n", .json), ("n.deep.er", .string)])
    let (outcome, values) = scan(#" { "x":[1,{"s":"no"}], "s":"hé","n": {"i":-42,"d":2.5e-3 , "deep":{"er":"z"}},"b":true}"# + "\r\n")
    #expect(outcome == .record)
    #expect(
      values == [
        .text("hé"), .int(-42), .double(0.0025), .bool(true), .text(#"{"i":-42,"d":2.5e-3 , "deep":{"er":"z"}}"#), .text("z"),
      ])
  }

  @Test("an absent value and a null are null, also when the row held a value before")
  func nulls() {
    let scan = Scan([("a", .string), ("b", .int), ("c.d", .double), ("e", .bool), ("f", .json)])
    _ = scan(#"{"a":"x","b":1,"c":{"d":1},"e":true,"f":[]}"#)
    #expect(scan("{}").values == Array(repeating: .null, count: 5))
    _ = scan(#"{"a":"x","b":1,"c":{"d":1},"e":true,"f":[]}"#)
    #expect(scan(#"{"f":null,"e":null,"c":null,"b":null,"a":null}"#).values == Array(repeating: .null, count: 5))
  }

  @Test("a value of another type is refused with its field, unless the text is not JSON at all")
  func wrongTypes() {
    let scan = Scan([("a", .string), ("b", .int), ("c.d", .double), ("e", .bool)])
    for (text, field) in [
      (#"{"a":1}"#, 0), (#"{"a":{"x":"y"}}"#, 0), (#"{"b":"1"}"#, 1), (#"{"b":1.5}"#, 1), (#"{"b":9223372036854775808}"#, 1),
      (#"{"c":{"d":"1"}}"#, 2), (#"{"c":7}"#, 2), (#"{"c":{"d":1e999}}"#, 2), (#"{"e":0}"#, 3), (#"{"e":1,"a":2}"#, 3),
    ] {
      #expect(scan(text).outcome == .wrongType(field: field), "\(text)")
    }
    #expect(scan(#"{"a":1,"b":}"#).outcome == .malformed(at: 11))
    for text in ["[]", " 7", "\"a\"", "null", "true "] { #expect(scan(text).outcome == .notAnObject, "\(text)") }
  }

  @Test("the last of two equal keys counts")
  func duplicates() {
    let scan = Scan([("a", .int), ("b.c", .int), ("b.d", .int)])
    #expect(scan(#"{"a":1,"a":2}"#).values == [.int(2), .null, .null])
    #expect(scan(#"{"a":1,"a":null}"#).values == [.null, .null, .null])
    #expect(scan(#"{"b":{"c":1,"d":2},"b":{"c":3}}"#).values == [.null, .int(3), .null])
    #expect(scan(#"{"b":{"c":1},"b":null}"#).values == [.null, .null, .null])
    #expect(scan(#"{"a":1,"\u0061":2}"#).values == [.int(2), .null, .null])
  }

  @Test("two fields may want one value, and a path may lead through a field")
  func sharedPaths() {
    let scan = Scan([("a", .string), ("a", .json), ("o", .json), ("o.p", .int), ("o.p", .double)])
    #expect(scan(#"{"o":{"p":3},"a":"x\n"}"#).values == [.text("x\n"), .text(#""x\n""#), .text(#"{"p":3}"#), .int(3), .double(3)])
    #expect(scan(#"{"a":1}"#).outcome == .wrongType(field: 0))
  }

  @Test("a dot in a key is written with a backslash")
  func paths() {
    #expect(JSONProjection.path("a.b") == ["a", "b"])
    #expect(JSONProjection.path(#"a\.b.c\\d\e"#) == ["a.b", #"c\d\e"#])
    for bad in ["", ".", "a.", ".a", "a..b", Array(repeating: "a", count: 64).joined(separator: ".")] {
      #expect(JSONProjection.path(bad) == nil, "\(bad)")
    }
    #expect(Scan([(#"service\.name"#, .string)])(#"{"service":{"name":"no"},"service.name":"yes"}"#).values == [.text("yes")])
  }

  @Test("escapes are resolved; half of a surrogate pair becomes U+FFFD")
  func escapes() {
    let scan = Scan([("a", .string)])
    for (written, meant) in [
      (#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"), (#"\u0041\u00e9\u20AC"#, "Aé€"), (#"\ud83d\ude00!"#, "😀!"), (#"x\u0000y"#, "x\0y"),
      (#"\ud83d"#, "\u{fffd}"), (#"\ude00\ud83d"#, "\u{fffd}\u{fffd}"), (#"\ud83d\ud83d\ude00"#, "\u{fffd}😀"), (#"\ud83dx"#, "\u{fffd}x"),
      (#"\uD800\n"#, "\u{fffd}\n"), (#"\uffff"#, "\u{ffff}"), (#"\ud800\u0041"#, "\u{fffd}A"),
    ] {
      #expect(scan("{\"a\":\"\(written)\"}").values == [.text(meant)], "\(written)")
    }
    for bad in [#"\x"#, #"\u12g4"#, #"\u"#, #"\u123"#, #"\U0041"#, #"\'"#, "\u{1f}", "\n", "\0", "a\tb"] {
      guard case .malformed = scan("{\"a\":\"\(bad)\"}").outcome else {
        Issue.record("accepted \(bad)")
        continue
      }
      guard case .malformed = scan("{\"b\":\"\(bad)\"}").outcome else {
        Issue.record("accepted \(bad) in a value nobody wants")
        continue
      }
    }
  }

  @Test("bytes that are no UTF-8 are kept")
  func invalidUTF8() {
    let bytes: [UInt8] = [0xff, 0x80, 0xc3, 0xed, 0xa0, 0x80]
    #expect(Scan([("a", .string)])(Array("{\"a\":\"".utf8) + bytes + Array("\"}".utf8)).values == [.bytes(bytes)])
  }

  @Test("64 open arrays and objects are read, 65 are refused, wanted or not")
  func depth() {
    let scan = Scan([("a", .json), ("b.b.b", .string)])
    func nested(_ key: String, _ depth: Int, _ open: String, _ close: String) -> String {
      "{\"\(key)\":" + String(repeating: open, count: depth - 1) + "1" + String(repeating: close, count: depth - 1) + "}"
    }
    for key in ["a", "x"] {
      #expect(scan(nested(key, 64, "[", "]")).outcome == .record)
      #expect(scan(nested(key, 65, "[", "]")).outcome == .malformed(at: 5 + 63))
      #expect(scan(nested(key, 64, "{\"a\":", "}")).outcome == .record)
      guard case .malformed = scan(nested(key, 65, "{\"a\":", "}")).outcome else {
        Issue.record("accepted 65 objects")
        continue
      }
    }
    #expect(
      scan("{\"b\":{\"b\":{\"b\":\"x\",\"c\":" + String(repeating: "[", count: 61) + String(repeating: "]", count: 61) + "}}}").outcome
        == .record)
    guard
      case .malformed = scan(
        "{\"b\":{\"b\":{\"b\":\"x\",\"c\":" + String(repeating: "[", count: 62) + String(repeating: "]", count: 62) + "}}}"
      ).outcome
    else {
      Issue.record("accepted 65 levels along a path")
      return
    }
    guard case .malformed = scan(String(repeating: "[", count: 1_000_000)).outcome else {
      Issue.record("accepted a million brackets")
      return
    }
  }

  @Test("whole numbers are read exactly, however they are written")
  func integers() {
    let scan = Scan([("a", .int)])
    for (text, value) in [
      ("0", 0), ("-0", 0), ("7", 7), ("-12345678", -12_345_678), ("1234567890123456", 1_234_567_890_123_456),
      ("123456789012345678", 123_456_789_012_345_678), ("9223372036854775807", .max), ("-9223372036854775808", .min), ("1e3", 1000),
      ("1.50E+1", 15), ("120e-1", 12), ("0.0", 0), ("0e99999999999999999999", 0), ("92233720368547758.07e2", .max),
      ("1." + String(repeating: "0", count: 5000), 1), ("1" + String(repeating: "0", count: 5000) + "e-5000", 1),
    ] as [(String, Int64)] {
      #expect(scan("{\"a\":\(text)}").values == [.int(value)], "\(text)")
    }
    for text in ["9223372036854775808", "-9223372036854775809", "1e19", "0.1", "1e-1", "1e99999999999999999999", "12345678901234567890123"]
    {
      #expect(scan("{\"a\":\(text)}").outcome == .wrongType(field: 0), "\(text)")
    }
    for text in ["01", "-", "+1", "1.", ".5", "1e", "1e+", "0x1", "1_0", "--1", "-a", "00", "NaN", "Infinity", "1 2", "1a", "٣"] {
      for key in ["a", "b"] {
        guard case .malformed = scan("{\"\(key)\":\(text)}").outcome else {
          Issue.record("accepted \(text)")
          continue
        }
      }
    }
  }

  @Test("numbers are read to the nearest double")
  func doubles() {
    let scan = Scan([("a", .double)])
    for text in [
      "0", "-0", "1.5", "0.1", "123456789012345", "1234567890123456789", "1e22", "1e23", "2.2250738585072014e-308", "5e-324", "1e-400",
      "1.7976931348623157e308", "9007199254740993", "3.141592653589793238462643383279", "-1e-7", "0.000001e6",
    ] {
      #expect(scan("{\"a\":\(text)}").values == [.double(Double(text)!)], "\(text)")
    }
    #expect(scan("{\"a\":1e309}").outcome == .wrongType(field: 0))
    let huge = "1" + String(repeating: "0", count: 100_000)
    #expect(scan("{\"a\":\(huge)}").outcome == .wrongType(field: 0))
    #expect(scan("{\"b\":\(huge)}").outcome == .record)
  }

  @Test("a document cut at any byte is malformed at its end")
  func truncation() {
    let scan = Scan([("a", .string), ("n.i", .int), ("n.t", .bool), ("l", .json)])
    let text = Array(#"{"a":"x\u0041y","skip":[true,false,null,{"k":-1.5e+3}],"n":{"i":12345678901,"t":false},"l":[ "z" , 1 ]}"#.utf8)
    #expect(scan(text).outcome == .record)
    for count in 0..<text.count {
      #expect(scan(Array(text[..<count])).outcome == .malformed(at: count), "cut at \(count)")
    }
    #expect(scan(text + [0x7d]).outcome == .malformed(at: text.count))
    // The rest of the document stands behind the cut, where it may be read but must not be believed.
    (text + [UInt8](repeating: 0x7d, count: 64)).withUnsafeBufferPointer { whole in
      for count in 0..<text.count {
        let cut = UnsafeBufferPointer(rebasing: whole[..<count])
        #expect(scan.scanner.scan(cut, row: 0, of: scan.batch) == .malformed(at: count), "cut in place at \(count)")
      }
    }
  }

  @Test("a string of ten megabytes is a view, with escapes a copy")
  func longStrings() {
    let scan = Scan([("a", .string), ("b", .int)])
    let plain = [UInt8](repeating: UInt8(ascii: "x"), count: 10 << 20)
    let open = Array("{\"a\":\"".utf8)
    let close = Array("\",\"b\":1}".utf8)
    #expect(scan(open + plain + close).values == [.bytes(plain), .int(1)])
    #expect(scan(open + plain + Array("\\n".utf8) + close).values == [.bytes(plain + [10]), .int(1)])
    #expect(scan(open + plain).outcome == .malformed(at: open.count + plain.count))
  }

  @Test("what was learned from one order of keys does not change the answer for another")
  func memoryOfKeys() {
    let scan = Scan([("a", .int), ("b", .int)])
    for _ in 0..<3 { #expect(scan(#"{"a":1,"b":2}"#).values == [.int(1), .int(2)]) }
    #expect(scan(#"{"b":2,"a":1}"#).values == [.int(1), .int(2)])
    #expect(scan(#"{"b":2}"#).values == [.null, .int(2)])
    for bad in [
      #"{"a":1"b":2}"#, #"{,"b":2}"#, #"{"a":1,}"#, #"{,}"#, #"{"a":1,,"b":2}"#, #"{"a"1}"#, #"{"b":2,"a":1,"#, #"{"a":1 "b":2}"#,
    ] {
      guard case .malformed = scan(bad).outcome else {
        Issue.record("accepted \(bad)")
        continue
      }
    }
    // More keys than a layout remembers, and keys too long for it.
    let many = (0..<500).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
    for _ in 0..<30 { #expect(scan("{\(many), \"a\" : 5,\"\(String(repeating: "l", count: 100))\":1}").values == [.int(5), .null]) }
    #expect(scan(#"{"a":1,"b":2}"#).values == [.int(1), .int(2)])
  }
}
