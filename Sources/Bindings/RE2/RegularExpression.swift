internal import CRE2

/// A regular expression of RE2 (its own syntax: no look-around, no back-references), compiled once.
///
/// Matching takes time linear in the text, whatever the expression and the text are.
///
/// `@unchecked Sendable`: a compiled expression is only read, and RE2 lets several threads read one at once.
public final class RegularExpression: @unchecked Sendable {
  private let expression: OpaquePointer

  /// Compiles the expression. Throws `RegularExpressionError` with the engine's reason.
  public init(_ pattern: String) throws(RegularExpressionError) {
    var reason = [CChar](repeating: 0, count: 256)
    var pattern = pattern
    let compiled = pattern.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { cre2_compile($0.baseAddress, $0.count, &reason, reason.count) }
    }
    guard let compiled else {
      throw RegularExpressionError(reason: String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
    expression = compiled
  }

  deinit { cre2_free(expression) }

  /// The leftmost match that begins at `from` or later, as byte offsets; nil when there is none. O(count - from).
  public func firstMatch(in text: UnsafeBufferPointer<UInt8>, from: Int = 0) -> Range<Int>? {
    var (start, end) = (0, 0)
    let found = text.withMemoryRebound(to: CChar.self) { cre2_find(expression, $0.baseAddress, $0.count, from, &start, &end) }
    return found ? start..<end : nil
  }

  /// Whether the whole text is a match. O(count).
  public func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    text.withMemoryRebound(to: CChar.self) { cre2_matches(expression, $0.baseAddress, $0.count) }
  }

  /// The expression that matches these characters and nothing else.
  public static func quoted(_ literal: String) -> String {
    literal.unicodeScalars.reduce(into: "") { result, scalar in
      let isWord = scalar.value >= 0x80 || scalar == "_" || scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
      if scalar.value == 0 {
        result += "\\x00"
      } else {
        if !isWord { result += "\\" }
        result.unicodeScalars.append(scalar)
      }
    }
  }
}

/// A pattern that is no regular expression.
public struct RegularExpressionError: Error, CustomStringConvertible {
  /// The engine's reason; may quote a part of the pattern.
  public let reason: String
  /// The reason.
  public var description: String { reason }
}
