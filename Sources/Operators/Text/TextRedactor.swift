/// Redacts one text after the other: words and patterns of the job first, then personal data.
///
/// Owned by one subtask; results are valid until the next `redact`.
public final class TextRedactor {
  /// What was found in a text, in the bytes of that text.
  public struct Finding: Sendable, Equatable {
    /// Bytes of the text.
    public let range: Range<Int>
    /// What it is; nil for a word or pattern of the job.
    public let type: PIIType?
    /// The name of the type, word list or pattern.
    public let name: String
  }

  private let scanner: TextScanner
  private let patterns: UserPatterns?
  private var marked: [UInt8] = []
  private var matches: [UserPatterns.Match] = []

  /// A redactor with these options.
  public init(_ options: RedactionOptions) {
    scanner = TextScanner(rules: options.rules)
    patterns = options.patterns
  }

  /// Redacts a text. O(count) for the scanner, and once more for each pattern.
  ///
  /// - Returns: nil when personal data cannot be taken out: the text must not be passed on then.
  public func redact(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    guard let patterns else { return redactMarked(text) }
    matches = patterns.matches(in: text)
    if matches.isEmpty { return redactMarked(text) }
    marked = [UInt8](unsafeUninitializedCapacity: patterns.count(text, matches)) { target, count in
      count = patterns.count(text, matches)
      if let base = target.baseAddress { patterns.write(text, matches, to: base) }
    }
    return marked.withUnsafeBufferPointer(redactMarked)
  }

  private func redactMarked(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    guard scanner.scan(text) else { return nil }
    return [UInt8](unsafeUninitializedCapacity: scanner.redactedCount) { target, count in
      count = scanner.redactedCount
      if let base = target.baseAddress, count > 0 { scanner.writeRedacted(to: base) }
    }
  }

  /// What the last `redact` took out, ascending.
  public var findings: [Finding] {
    var result = matches.map { Finding(range: $0.range, type: nil, name: patterns?.names[$0.pattern] ?? "") }
    for span in scanner.spans {
      result.append(Finding(range: original(Int(span.start))..<original(Int(span.end)), type: span.type, name: span.type.name))
    }
    return result.sorted { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
  }

  /// The place in the text of a place in the text with tags.
  private func original(_ offset: Int) -> Int {
    var shift = 0
    for match in matches {
      let tag = patterns?.tag(match).count ?? 0
      let start = match.range.lowerBound + shift
      if offset <= start { break }
      // Inside of a tag: the whole of what it stands for.
      if offset < start + tag { return match.range.upperBound }
      shift += tag - match.range.count
    }
    return offset - shift
  }
}
