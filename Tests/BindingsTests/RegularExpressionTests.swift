import RE2
import Testing

@Suite("RE2")
struct RegularExpressionTests {
  private func find(_ pattern: String, _ text: String, from: Int = 0) throws -> Range<Int>? {
    let expression = try RegularExpression(pattern)
    return Array(text.utf8).withUnsafeBufferPointer { expression.firstMatch(in: $0, from: from) }
  }

  @Test("finds the leftmost match, in bytes, and goes on behind it")
  func finds() throws {
    #expect(try find("E-\\d{3}", "zürich E-123 E-456") == 8..<13)
    #expect(try find("E-\\d{3}", "zürich E-123 E-456", from: 13) == 14..<19)
    #expect(try find("E-\\d{3}", "nothing") == nil)
    #expect(try find("x*", "") == 0..<0)
  }

  @Test("looks at what stands before the place where it begins")
  func boundary() throws {
    #expect(try find("\\bcat", "concat cat", from: 3) == 7..<10)
  }

  @Test("matches a whole text or not")
  func whole() throws {
    let expression = try RegularExpression(".*@example\\.com")
    #expect(Array("bo@example.com".utf8).withUnsafeBufferPointer { expression.matches($0) })
    #expect(!Array("bo@example.com!".utf8).withUnsafeBufferPointer { expression.matches($0) })
  }

  @Test("a pattern that is none says why, and none of the engine's output goes anywhere", arguments: ["(", "a{2,1}", "(?=x)", "\\1", "["])
  func refused(pattern: String) {
    let error = #expect(throws: RegularExpressionError.self) { _ = try RegularExpression(pattern) }
    #expect(error?.reason.isEmpty == false)
  }

  @Test("a quoted text matches itself", arguments: ["a.b", "x+y", "[z]", "größe", "日本", "a\\d", "^$", "C:\\x", "tab\tend", "\0"])
  func quoted(text: String) throws {
    let expression = try RegularExpression(RegularExpression.quoted(text))
    #expect(Array(text.utf8).withUnsafeBufferPointer { expression.matches($0) })
  }

  @Test("a pattern that makes others take for ever takes linear time")
  func linear() throws {
    let text = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 18)
    let expression = try RegularExpression("(a+)+b|(a|aa)+c|(.*)*d")
    #expect(text.withUnsafeBufferPointer { expression.firstMatch(in: $0) } == nil)
  }
}
