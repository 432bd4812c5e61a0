internal import RE2

/// What a job redacts besides personal data: words that are always taken out, and patterns of its own.
///
/// They are taken out before the scanner looks, so that shapes and templates hold the tag as well. A tag is `<NAME>`, of words `<denied>`.
public final class UserPatterns: Sendable {
  /// The name of the words' tag.
  public static let deniedName = "denied"

  struct Pattern: Sendable {
    let name: String
    let tag: [UInt8]
    let expression: RegularExpression
  }

  /// Where one of them stands in a text.
  public struct Match: Sendable, Equatable {
    /// Bytes of the text.
    public let range: Range<Int>
    /// Which: an index into `names`.
    public let pattern: Int
  }

  /// The names of words and patterns, in the order of the job file.
  public let names: [String]
  private let patterns: [Pattern]

  /// - Parameters:
  ///   - denied: words, found where neither a letter nor a digit stands beside them.
  ///   - patterns: expressions and the names of their tags; `drops` has the names of those that are taken out without a tag.
  /// - Throws: `RegularExpressionError`.
  init(denied: [String], patterns: [(name: String, expression: RegularExpression)], drops: Set<String>) throws {
    var all: [Pattern] = []
    if !denied.isEmpty {
      // The longest first: of two words that begin alike the longer one is meant.
      let words = denied.filter { !$0.isEmpty }.sorted { $0.utf8.count > $1.utf8.count }.map(Self.word).joined(separator: "|")
      all.append(Pattern(name: Self.deniedName, tag: Self.tag(Self.deniedName, drops), expression: try RegularExpression("(?i)\(words)")))
    }
    all += patterns.map { Pattern(name: $0.name, tag: Self.tag($0.name, drops), expression: $0.expression) }
    self.patterns = all
    names = all.map(\.name)
  }

  private static func tag(_ name: String, _ drops: Set<String>) -> [UInt8] { drops.contains(name) ? [] : Array("<\(name)>".utf8) }

  private static func word(_ word: String) -> String {
    func isWord(_ character: Character?) -> Bool { character.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") } ?? false }
    return (isWord(word.first) ? "\\b" : "") + RegularExpression.quoted(word) + (isWord(word.last) ? "\\b" : "")
  }

  /// The places of all of them, ascending, none inside another; of two that overlap the one that begins first, then the longer one.
  ///
  /// O(text * patterns), and n log n in the matches.
  func matches(in text: UnsafeBufferPointer<UInt8>) -> [Match] {
    var found: [Match] = []
    for (index, pattern) in patterns.enumerated() {
      var from = 0
      while from < text.count, let range = pattern.expression.firstMatch(in: text, from: from) {
        if !range.isEmpty { found.append(Match(range: range, pattern: index)) }
        from = max(range.upperBound, from + 1)
      }
    }
    if patterns.count == 1 || found.count < 2 { return found }
    found.sort { ($0.range.lowerBound, $1.range.upperBound) < ($1.range.lowerBound, $0.range.upperBound) }
    var end = 0
    return found.filter { match in
      guard match.range.lowerBound >= end else { return false }
      end = match.range.upperBound
      return true
    }
  }

  /// The tag that takes the place of a match.
  func tag(_ match: Match) -> [UInt8] { patterns[match.pattern].tag }

  /// How long the text is with tags in the places of the matches.
  func count(_ text: UnsafeBufferPointer<UInt8>, _ matches: [Match]) -> Int {
    matches.reduce(text.count) { $0 + tag($1).count - $1.range.count }
  }

  /// Writes the text with tags in the places of the matches, `count` bytes.
  func write(_ text: UnsafeBufferPointer<UInt8>, _ matches: [Match], to target: UnsafeMutablePointer<UInt8>) {
    guard let base = text.baseAddress else { return }
    var target = target
    var done = 0
    for match in matches {
      target.update(from: base + done, count: match.range.lowerBound - done)
      target += match.range.lowerBound - done
      for byte in tag(match) {
        target.pointee = byte
        target += 1
      }
      done = match.range.upperBound
    }
    target.update(from: base + done, count: text.count - done)
  }
}
