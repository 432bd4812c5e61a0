internal import Dataflow

/// What an ordinary log line says of itself. Ranges are places in the line.
struct ParsedLine {
  /// Nil when the line does not say.
  var time: Int64?
  /// A clock without a year (syslog): month, day, nanoseconds since midnight and east of UTC.
  var yearless: (month: Int, day: Int, clock: Int64)?
  var severity: LogSeverity?
  /// The program that wrote it, where the line names one.
  var service: Range<Int>?
  var message: Range<Int>
}

/// Reads the line formats of an ordinary machine: syslog (RFC 3164 and 5424, classic and ISO times), dpkg and apt, web servers' access and
/// error logs, Postgres, logfmt, and whatever begins with a time and perhaps a level. Everything is tried at fixed places; nothing backtracks.
struct LineParser {
  /// Nanoseconds east of UTC for times that name no zone.
  let assumedOffset: Int64
  private let words = SeverityWords()

  init(assumedOffset: Int64) { self.assumedOffset = assumedOffset }

  /// The line without a line end. O(length of the message's start); allocates nothing.
  func parse(_ text: LineText) -> ParsedLine {
    var end = text.count
    while end > 0, text[end - 1].isBlank || text[end - 1] == 0x0D { end -= 1 }
    let text = LineText(base: text.base, count: end)
    let start = text.skipBlanks(0)
    var line = ParsedLine(message: start..<end)
    guard start < end else { return line }
    read(text, start, &line)
    if line.time == nil, line.yearless == nil { line.message = shown(text, line.message) }
    if line.severity == nil { line.severity = words.severity(of: text, from: line.message.lowerBound) }
    return line
  }

  private func read(_ text: LineText, _ start: Int, _ line: inout ParsedLine) {
    var i = start
    if text[i] == UInt8(ascii: "<"), let close = text.find(UInt8(ascii: ">"), from: i + 1, limit: i + 5), close > i + 1,
      let priority = text.number(close - i - 1, at: i + 1)
    {
      line.severity = LogSeverity(syslog: priority & 7)
      i = close + 1
      if text.has("1 ", at: i) { return readStructuredSyslog(text, i + 2, &line) }
    }
    if readLeadingTime(text, &i, &line) { return }
    if readSyslog(text, i, &line) { return }
    if readWebError(text, i, &line) { return }
    if readNamedTime(text, i, &line) { return }
    readAccess(text, i, &line)
  }

  /// What a terminal would show of a line that overwrites itself (`10%\r20%\r30%`): the part behind the last carriage return.
  private func shown(_ text: LineText, _ range: Range<Int>) -> Range<Int> {
    for i in range.reversed() where text[i] == 0x0D { return text.skipBlanks(i + 1)..<range.upperBound }
    return range
  }

  // MARK: A time, then perhaps a level

  /// `2026-01-02 03:04:05 …`, `[2026-01-02T03:04:05Z] …`, `time="2026-01-02T03:04:05Z" level=info …`.
  private func readLeadingTime(_ text: LineText, _ start: inout Int, _ line: inout ParsedLine) -> Bool {
    var i = start
    if text.has("time=", at: i) { i += 5 }
    let opening = text[i]
    if opening == UInt8(ascii: "[") || opening == UInt8(ascii: "\"") { i += 1 }
    let isCompact = text[i + 10] == UInt8(ascii: "T")
    guard let (time, hasZone) = Timestamp.iso(text, &i, assumedOffset: assumedOffset) else { return false }
    line.time = time
    if text[i] == UInt8(ascii: "]") || text[i] == UInt8(ascii: "\"") { i += 1 }
    i = skipSeparators(text, i)
    if isCompact, hasZone, readHostAndProgram(text, i, &line) { return true }
    if readPostgres(text, i, &line) { return true }
    readLevel(text, i, &line)
    return true
  }

  /// The rest of a line behind its time: a level, if one stands there, and the message.
  private func readLevel(_ text: LineText, _ start: Int, _ line: inout ParsedLine) {
    var i = start
    if text.has("level=", at: i) { i += 6 }
    let opening = text[i]
    let isBracketed = opening == UInt8(ascii: "[") || opening == UInt8(ascii: "(") || opening == UInt8(ascii: "\"")
    if let (severity, end) = words.level(text, at: isBracketed ? i + 1 : i), closes(text, i, end, isBracketed) {
      line.severity = severity
      i = skipSeparators(text, isBracketed ? end + 1 : end)
      line.message = i..<text.count
    } else {
      line.message = start..<text.count
    }
  }

  /// Whether the word before `end` stands alone. One that only a blank follows must shout: "error opening file" is a sentence.
  private func closes(_ text: LineText, _ start: Int, _ end: Int, _ isBracketed: Bool) -> Bool {
    switch text[end] {
    case UInt8(ascii: "]"), UInt8(ascii: ")"), UInt8(ascii: "\""): isBracketed
    case UInt8(ascii: ":"), UInt8(ascii: "|"): !isBracketed
    case 0, 0x20, 0x09: !isBracketed && (text[start + 1] & 0x20 == 0 || text[start - 1] == UInt8(ascii: "="))
    default: false
    }
  }

  /// Blanks and the signs that loggers put between columns; a lone `-` too, but not one that begins an option or a number.
  private func skipSeparators(_ text: LineText, _ start: Int) -> Int {
    var i = start
    while i < text.count {
      let byte = text[i]
      let separates =
        byte.isBlank || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "|") || (byte == UInt8(ascii: "-") && text[i + 1].isBlank)
      if !separates { break }
      i += 1
    }
    return i
  }

  // MARK: Syslog

  /// `Jan  2 03:04:05 host program[123]: message`.
  private func readSyslog(_ text: LineText, _ start: Int, _ line: inout ParsedLine) -> Bool {
    guard let month = Timestamp.month(text, at: start), text[start + 3] == 0x20 else { return false }
    var i = text.skipBlanks(start + 4)
    guard let day = text.number(2, at: i) ?? text.number(1, at: i) else { return false }
    i += text[i + 1].isDigit ? 2 : 1
    guard (1...31).contains(day), text[i] == 0x20 else { return false }
    i += 1
    guard let clock = Timestamp.clock(text, &i), text[i] == 0x20 else { return false }
    line.yearless = (month, day, clock)
    i = text.skipBlanks(i)
    if !readHostAndProgram(text, i, &line) { line.message = i..<text.count }
    return true
  }

  /// `host program[123]: message`. False when it does not look like that.
  private func readHostAndProgram(_ text: LineText, _ start: Int, _ line: inout ParsedLine) -> Bool {
    guard let blank = text.find(0x20, from: start, limit: start + 256), blank > start, words.level(text, at: start)?.end != blank else {
      return false
    }
    let name = blank + 1
    var i = name
    while i < text.count, i - name < 64, isProgramByte(text[i]) { i += 1 }
    guard i > name else { return false }
    let service = name..<i
    if text[i] == UInt8(ascii: "[") {
      guard let close = text.find(UInt8(ascii: "]"), from: i, limit: i + 32) else { return false }
      i = close + 1
    }
    guard text[i] == UInt8(ascii: ":"), text[i + 1].isBlank || i + 1 == text.count else { return false }
    line.service = service
    readLevel(text, text.skipBlanks(i + 1), &line)
    return true
  }

  private func isProgramByte(_ byte: UInt8) -> Bool {
    byte.isLetter || byte.isDigit || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
      || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "(") || byte == UInt8(ascii: ")") || byte == UInt8(ascii: "@")
  }

  /// RFC 5424 behind its version: `2026-01-02T03:04:05Z host app pid id [structured data] message`, `-` for what is not known.
  private func readStructuredSyslog(_ text: LineText, _ start: Int, _ line: inout ParsedLine) {
    var i = start
    if let (time, _) = Timestamp.iso(text, &i, assumedOffset: assumedOffset) {
      line.time = time
    } else if text[i] == UInt8(ascii: "-") {
      i += 1
    }
    for column in 0..<4 {  // host, app, process, message id
      let word = text.skipBlanks(i)
      i = text.find(0x20, from: word, limit: text.count) ?? text.count
      if column == 1, i > word, text[word] != UInt8(ascii: "-") { line.service = word..<i }
    }
    i = text.skipBlanks(i)
    if text[i] == UInt8(ascii: "-"), text[i + 1].isBlank || i + 1 == text.count {
      i += 1
    } else {
      while text[i] == UInt8(ascii: "["), let close = closingBracket(text, i) { i = close + 1 }
    }
    line.message = text.skipBlanks(i)..<text.count
  }

  /// The end of a structured data element; `\]` inside of a value does not close it.
  private func closingBracket(_ text: LineText, _ start: Int) -> Int? {
    var i = start + 1
    while i < text.count {
      if text[i] == UInt8(ascii: "\\") {
        i += 1
      } else if text[i] == UInt8(ascii: "]") {
        return i
      }
      i += 1
    }
    return nil
  }

  // MARK: Servers

  /// `[123] user@db ERROR:  message` behind a time.
  private func readPostgres(_ text: LineText, _ start: Int, _ line: inout ParsedLine) -> Bool {
    guard text[start] == UInt8(ascii: "["), text[start + 1].isDigit,
      let close = text.find(UInt8(ascii: "]"), from: start, limit: start + 24)
    else { return false }
    // Between the process and the level stands what log_line_prefix adds: one word (user@db), or nothing.
    var i = text.skipBlanks(close + 1)
    for _ in 0..<2 {
      if let (severity, end) = words.level(text, at: i, ofPostgres: true), text.has(":  ", at: end) {
        line.severity = severity
        line.message = text.skipBlanks(end + 1)..<text.count
        return true
      }
      guard let blank = text.find(0x20, from: i, limit: i + 128) else { return false }
      i = text.skipBlanks(blank)
    }
    return false
  }

  /// `[Fri Jan 02 03:04:05.678901 2026] [core:error] [pid 1:tid 2] [client 192.0.2.1:5] message`.
  private func readWebError(_ text: LineText, _ start: Int, _ line: inout ParsedLine) -> Bool {
    guard text[start] == UInt8(ascii: "["), text[start + 4] == 0x20, let month = Timestamp.month(text, at: start + 5),
      let day = text.number(2, at: start + 9), text[start + 11] == 0x20
    else { return false }
    var i = start + 12
    guard let clock = Timestamp.clock(text, &i), text[i] == 0x20, let year = text.number(4, at: i + 1), text[i + 5] == UInt8(ascii: "]"),
      let time = Timestamp.time(year: year, month: month, day: day, clock: clock, offset: assumedOffset)
    else { return false }
    line.time = time
    i = text.skipBlanks(i + 6)
    while text[i] == UInt8(ascii: "["), let close = text.find(UInt8(ascii: "]"), from: i, limit: i + 128) {
      let colon = text.find(UInt8(ascii: ":"), from: i, limit: close) ?? i
      if line.severity == nil, let (severity, end) = words.level(text, at: colon + 1), end == close { line.severity = severity }
      i = text.skipBlanks(close + 1)
    }
    line.message = i..<text.count
    return true
  }

  /// `192.0.2.1 - - [02/Jan/2026:03:04:05 +0000] "GET / HTTP/1.1" 200 123 …`: the severity is that of the status.
  private func readAccess(_ text: LineText, _ start: Int, _ line: inout ParsedLine) {
    guard let bracket = text.find(UInt8(ascii: "["), from: start, limit: start + 256), let day = text.number(2, at: bracket + 1),
      text[bracket + 3] == UInt8(ascii: "/"), let month = Timestamp.month(text, at: bracket + 4), text[bracket + 7] == UInt8(ascii: "/"),
      let year = text.number(4, at: bracket + 8), text[bracket + 12] == UInt8(ascii: ":")
    else { return }
    var i = bracket + 13
    guard let clock = Timestamp.clock(text, &i) else { return }
    let offset = Timestamp.zone(text, &i) ?? assumedOffset
    guard text[i] == UInt8(ascii: "]"), let time = Timestamp.time(year: year, month: month, day: day, clock: clock, offset: offset) else {
      return
    }
    line.time = time
    i = text.skipBlanks(i + 1)
    line.message = i..<text.count
    line.severity = .info
    guard text[i] == UInt8(ascii: "\"") else { return }
    var close = i + 1
    while close < text.count, text[close] != UInt8(ascii: "\"") { close += text[close] == UInt8(ascii: "\\") ? 2 : 1 }
    guard let status = text.number(3, at: text.skipBlanks(close + 1)) else { return }
    line.severity = status >= 500 ? .error : status >= 400 ? .warn : .info
  }

  /// A name, then a time: `update-alternatives 2026-01-02 03:04:05: message`, `Start-Date: 2026-01-02  03:04:05`, `Log started: …`.
  private func readNamedTime(_ text: LineText, _ start: Int, _ line: inout ParsedLine) -> Bool {
    var i = start
    while i < text.count, i - start < 40, isProgramByte(text[i]) || text[i] == 0x20 || text[i] == UInt8(ascii: ":") {
      if text[i].isDigit, i > start, text[i - 1].isBlank, let number = text.number(4, at: i), (1970...2200).contains(number) {
        let name = start..<i - 1
        guard let (time, _) = Timestamp.iso(text, &i, assumedOffset: assumedOffset) else { return false }
        line.time = time
        if i < text.count, text.find(0x20, from: name.lowerBound, limit: name.upperBound) == nil,
          text[name.upperBound - 1] != UInt8(ascii: ":")
        {
          line.service = name
          readLevel(text, skipSeparators(text, i), &line)
        }
        return true
      }
      i += 1
    }
    return false
  }
}
