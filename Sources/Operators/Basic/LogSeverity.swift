internal import Dataflow

/// How grave a line is. Ordered.
enum LogSeverity: UInt8, Comparable, CaseIterable {
  case debug, info, warn, error, fatal

  static func < (a: LogSeverity, b: LogSeverity) -> Bool { a.rawValue < b.rawValue }

  var name: String {
    switch self {
    case .debug: "DEBUG"
    case .info: "INFO"
    case .warn: "WARN"
    case .error: "ERROR"
    case .fatal: "FATAL"
    }
  }

  /// Of the low three bits of a syslog priority.
  init(syslog level: Int) {
    switch level {
    case 0...2: self = .fatal
    case 3: self = .error
    case 4: self = .warn
    case 5, 6: self = .info
    default: self = .debug
    }
  }
}

/// Up to 16 letters in two registers, in lower case: how words are compared without a table of strings.
struct PackedWord: Equatable {
  private(set) var low: UInt64 = 0
  private(set) var high: UInt64 = 0
  private(set) var count = 0

  @inline(__always)
  mutating func append(_ letter: UInt8) {
    if count < 8 {
      low |= UInt64(letter | 0x20) << UInt64(count * 8)
    } else if count < 16 {
      high |= UInt64(letter | 0x20) << UInt64(count * 8 - 64)
    }
    count += 1
  }

  init() {}
  init(_ text: StaticString) {
    for i in 0..<text.utf8CodeUnitCount { append(text.utf8Start[i]) }
  }
}

/// Finds severities in words.
struct SeverityWords {
  /// What a logger writes in its level column: `WARNING`, `err`, `notice`.
  private let levels: [(PackedWord, LogSeverity)] =
    (["fatal", "panic", "emerg", "alert", "crit", "critical", "severe"] as [StaticString]).map { (PackedWord($0), .fatal) }
    + (["error", "err"] as [StaticString]).map { (PackedWord($0), .error) }
    + (["warn", "warning"] as [StaticString]).map { (PackedWord($0), .warn) }
    + (["info", "information", "notice"] as [StaticString]).map { (PackedWord($0), .info) }
    + (["debug", "trace", "verbose", "fine"] as [StaticString]).map { (PackedWord($0), .debug) }

  /// What only Postgres writes there; too ordinary to be a level anywhere else.
  private let postgresLevels: [(PackedWord, LogSeverity)] =
    (["log", "statement", "detail", "hint", "context", "location", "query"] as [StaticString]).map { (PackedWord($0), .info) }

  /// What people write in sentences.
  private let telling: [(PackedWord, LogSeverity)] =
    (["fatal", "panic", "emergency", "critical", "segfault"] as [StaticString]).map { (PackedWord($0), .fatal) }
    + (["error", "errors", "err", "failed", "failure", "fail", "exception", "traceback", "denied", "refused", "killed", "aborted"]
    as [StaticString]).map { (PackedWord($0), .error) }
    + (["warn", "warning", "deprecated", "timeout", "retrying"] as [StaticString]).map { (PackedWord($0), .warn) }
    + (["debug"] as [StaticString]).map { (PackedWord($0), .debug) }

  private let negations = (["no", "without"] as [StaticString]).map { PackedWord($0) }

  /// The level that the letters at that place name, and where they end; nil when they are no level.
  func level(_ text: LineText, at start: Int, ofPostgres: Bool = false) -> (severity: LogSeverity, end: Int)? {
    var word = PackedWord()
    var i = start
    while text[i].isLetter {
      word.append(text[i])
      i += 1
    }
    guard word.count >= 3 else { return nil }
    let known = levels.first { $0.0 == word } ?? (ofPostgres ? postgresLevels.first { $0.0 == word } : nil)
    guard let severity = known?.1 else { return nil }
    while text[i].isDigit { i += 1 }  // DEBUG1 … DEBUG5
    return (severity, i)
  }

  /// How far into a message words are read: what is wrong is said early, and stack traces are long.
  static let reach = 256

  /// The gravest severity that a word of the message tells, `info` when none does.
  ///
  /// A word is a run of letters between blanks or punctuation; digits, `-`, `_`, `/` and dots inside make it part of a name (`libgpg-error0`).
  /// Class names in camel case tell by their ending (`NullPointerException`). "no error" and "0 errors" tell nothing.
  func severity(of text: LineText, from start: Int) -> LogSeverity {
    var gravest: LogSeverity?
    var word = PackedWord()
    var isPlain = true
    var isNegated = false
    var wordStart = start
    let end = min(text.count, start + Self.reach)
    var i = start
    while i <= end {
      let byte = i < end ? text.base[i] : 0x20
      if byte.isLetter {
        word.append(byte)
        i += 1
        continue
      }
      let isInside =
        byte.isDigit || byte >= 0x80 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "/")
        || (byte == UInt8(ascii: ".") && i + 1 < end && !text[i + 1].isBlank)
      if isInside {
        isPlain = false
        i += 1
        continue
      }
      if i > wordStart {
        let told = isPlain ? telling.first { $0.0 == word }?.1 : nil
        if let told = told ?? classSeverity(text, wordStart..<i), !isNegated { gravest = max(gravest ?? .debug, told) }
        isNegated = isPlain ? negations.contains(word) : (i - wordStart == 1 && text[wordStart] == UInt8(ascii: "0"))
      }
      i += 1
      wordStart = i
      word = PackedWord()
      isPlain = true
    }
    return gravest ?? .info
  }

  private func classSeverity(_ text: LineText, _ range: Range<Int>) -> LogSeverity? {
    let isClass =
      (range.count > 9 && text.has("Exception", at: range.upperBound - 9))
      || (range.count > 5 && text.has("Error", at: range.upperBound - 5))
    return isClass ? .error : nil
  }
}
