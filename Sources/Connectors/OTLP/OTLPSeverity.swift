internal import Dataflow

/// The severity of a log record, brought to six words and UNSET.
enum OTLPSeverity: Int, CaseIterable {
  case unset, trace, debug, info, warn, error, fatal

  var name: StaticString {
    switch self {
    case .unset: "UNSET"
    case .trace: "TRACE"
    case .debug: "DEBUG"
    case .info: "INFO"
    case .warn: "WARN"
    case .error: "ERROR"
    case .fatal: "FATAL"
    }
  }

  /// `severityNumber`: four numbers to a word, from 1 to 24.
  init?(number: Int64) {
    guard (1...24).contains(number) else { return nil }
    self.init(rawValue: Int(number - 1) / 4 + 1)
  }

  /// A whole severity as applications write it, in any case: `Information`, `warning`, `err`, `INFO2`, `SEVERITY_NUMBER_INFO`.
  init?(text: UnsafeBufferPointer<UInt8>) {
    var word = OTLPWord.dropping("severity_number_", text)
    if let last = word.last, (UInt8(ascii: "1")...UInt8(ascii: "4")).contains(last) { word = word.dropLast() }
    for (name, severity) in Self.spellings where OTLPWord.matches(word, name) {
      self = severity
      return
    }
    return nil
  }

  private static let spellings: [(StaticString, OTLPSeverity)] = [
    ("info", .info), ("warn", .warn), ("error", .error), ("debug", .debug), ("trace", .trace), ("fatal", .fatal), ("warning", .warn),
    ("information", .info), ("informational", .info), ("notice", .info), ("critical", .fatal), ("err", .error), ("crit", .fatal),
    ("emergency", .fatal), ("emerg", .fatal), ("alert", .fatal), ("panic", .fatal), ("severe", .error), ("verbose", .trace),
    ("fine", .debug), ("finer", .trace), ("finest", .trace), ("unspecified", .unset),
  ]

  /// The bytes of a message that are looked through.
  private static let window = 64

  private static let words: [(StaticString, OTLPSeverity)] = [
    ("INFO", .info), ("WARN", .warn), ("ERROR", .error), ("DEBUG", .debug), ("TRACE", .trace), ("FATAL", .fatal), ("WARNING", .warn),
    ("CRITICAL", .fatal),
  ]

  /// The first word in capitals within the first 64 bytes of a message that names a severity; `unset` when there is none.
  init(message: UnsafeBufferPointer<UInt8>) {
    let end = min(message.count, Self.window)
    var index = 0
    while index < end {
      guard Self.isWordByte(message[index]) else {
        index += 1
        continue
      }
      let start = index
      while index < end && Self.isWordByte(message[index]) { index += 1 }
      // A word that runs out of the window is not known to its end.
      if index == Self.window && index < message.count && Self.isWordByte(message[index]) { break }
      let length = index - start
      guard length >= 4, length <= 8 else { continue }
      for (word, severity) in Self.words
      where word.utf8CodeUnitCount == length
        && UnsafeBufferPointer(start: word.utf8Start, count: length).elementsEqual(message[start..<index])
      {
        self = severity
        return
      }
    }
    self = .unset
  }

  /// Letters, digits, the underscore and whatever is not ASCII: what a word is not cut at.
  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "_"), 0x80...:
      true
    default: false
    }
  }
}
