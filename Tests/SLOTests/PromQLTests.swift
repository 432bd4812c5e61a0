import Foundation
import SLO
import Testing

@Suite("PromQL")
struct PromQLTests {
  /// One expression a line; `Tests/promtool/check.py` says that Prometheus agrees.
  private static func lines(_ name: String) -> [String] {
    let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../promtool/\(name).promql")
    let text = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").map(String.init)
  }
  static let valid = lines("valid")
  static let invalid = lines("invalid") + [""]
  @Test("what Prometheus takes is taken, and printing it reads back as the same", arguments: valid)
  func takes(_ text: String) throws {
    let expression = try PromQL.checked(text)
    let again = try PromQL.checked(expression.description)
    #expect(again.description == expression.description)
    // NaN equals nothing.
    if text.lowercased() != "nan" { #expect(again == expression) }
    #expect(try PromQL.checked(expression.lines).description == expression.description)
  }

  @Test("what Prometheus refuses is refused", arguments: invalid)
  func refuses(_ text: String) { #expect(throws: PromQL.Failure.self) { try PromQL.checked(text) } }

  @Test("powers bind from the right and before signs, all else from the left")
  func precedence() throws {
    #expect(try PromQL.checked("2 ^ 3 ^ 2") == .binary(.init(.number(2), .power, nil, .binary(.init(.number(3), .power, nil, .number(2))))))
    #expect(try PromQL.checked("-x ^ 2") == .unary(.minus, .binary(.init(.series("x"), .power, nil, .number(2)))))
    #expect(
      try PromQL.checked("a - b - c")
        == .binary(.init(.binary(.init(.series("a"), .subtract, nil, .series("b"))), .subtract, nil, .series("c"))))
  }

  @Test("no text makes it crash")
  func hostile() {
    var random = SplitMix(state: 7)
    let words = [
      "sum", "(", ")", "[", "5m", "]", "{", "}", "x", "\"a\"", "by", "on", "+", "-", "offset", "@", ",", ":", "1", "=~", "\\", "'", "é",
    ]
    for _ in 0..<20_000 {
      let text = (0..<Int.random(in: 1...12, using: &random)).map { _ in words.randomElement(using: &random) ?? "" }.joined(separator: " ")
      guard let expression = try? PromQL.checked(text) else { continue }
      #expect((try? PromQL.checked(expression.description)) == expression, "\(text)")
    }
    #expect(throws: PromQL.Failure.self) { try PromQL.checked(String(repeating: "(", count: 100_000)) }
  }
}

/// A generator with a seed.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
