internal import Dataflow

/// Times as log lines write them, read by hand: nanoseconds since 1970 in UTC.
enum Timestamp {
  static let second: Int64 = 1_000_000_000

  private static func length(month: Int, of year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// The year that a time falls in.
  static func year(of time: Int64) -> Int { RFC3339.civil(Int(time.flooredQuotient(86_400 * second))).year }

  /// Puts a time together; nil when the date or the clock is impossible or before 1970 or after 2200. A leap second is the next second.
  static func time(year: Int, month: Int, day: Int, clock: Int64, offset: Int64) -> Int64? {
    guard (1970...2200).contains(year), (1...12).contains(month), day >= 1, day <= length(month: month, of: year) else { return nil }
    return Int64(RFC3339.days(year, month, day)) * 86_400 * second + clock - offset
  }

  /// `12:34:56` with an optional fraction after a point or a comma, moved past. Nanoseconds since midnight.
  static func clock(_ text: LineText, _ i: inout Int) -> Int64? {
    guard let hour = text.number(2, at: i), text[i + 2] == UInt8(ascii: ":"), let minute = text.number(2, at: i + 3),
      text[i + 5] == UInt8(ascii: ":"), let seconds = text.number(2, at: i + 6), hour < 24, minute < 60, seconds <= 60
    else { return nil }
    i += 8
    var nanoseconds: Int64 = 0
    if text[i] == UInt8(ascii: ".") || text[i] == UInt8(ascii: ","), text[i + 1].isDigit {
      i += 1
      var unit: Int64 = 100_000_000
      while text[i].isDigit {
        nanoseconds += Int64(text[i] - 0x30) * unit
        unit /= 10
        i += 1
      }
    }
    return Int64(hour * 3600 + minute * 60 + seconds) * second + nanoseconds
  }

  /// `2026-01-31T12:34:56.789Z`, also with slashes, blanks for the T, a comma in the fraction and any zone of `zone`; moved past.
  static func iso(_ text: LineText, _ i: inout Int, assumedOffset: Int64) -> (time: Int64, hasZone: Bool)? {
    guard let year = text.number(4, at: i), let month = text.number(2, at: i + 5), let day = text.number(2, at: i + 8) else { return nil }
    let separator = text[i + 4]
    guard separator == UInt8(ascii: "-") || separator == UInt8(ascii: "/"), text[i + 7] == separator else { return nil }
    var next = i + 10
    if text[next] | 0x20 == UInt8(ascii: "t") {
      next += 1
    } else {
      guard text[next].isBlank else { return nil }
      next = text.skipBlanks(next)
    }
    guard let clock = clock(text, &next) else { return nil }
    let zone = zone(text, &next)
    guard let time = time(year: year, month: month, day: day, clock: clock, offset: zone ?? assumedOffset) else { return nil }
    i = next
    return (time, zone != nil)
  }

  /// A whole RFC 3339 text, zone included; nil for anything else.
  static func rfc3339(_ text: String) -> Int64? {
    var text = text
    return text.withUTF8 { RFC3339.parse($0) }
  }

  // MARK: Zones

  /// `Z`, `+02:00`, `-0500`, ` +0000`, ` UTC`, ` CEST`, moved past. Nanoseconds east of UTC, or nil when no zone stands there.
  static func zone(_ text: LineText, _ i: inout Int) -> Int64? {
    var start = i
    if text[start] == UInt8(ascii: "Z") || text[start] == UInt8(ascii: "z"), !text[start + 1].isLetter {
      i += 1
      return 0
    }
    if text[start] == 0x20 { start += 1 }
    if text[start] == UInt8(ascii: "+") || text[start] == UInt8(ascii: "-"), let hours = text.number(2, at: start + 1), hours <= 18 {
      var end = start + 3
      var minutes = 0
      if text[end] == UInt8(ascii: ":"), let written = text.number(2, at: end + 1) {
        (minutes, end) = (written, end + 3)
      } else if let written = text.number(2, at: end) {
        (minutes, end) = (written, end + 2)
      }
      // ` -05 items` after a zoneless time is not a zone: one after a blank has four digits.
      guard start == i || end == start + 5, minutes < 60 else { return nil }
      let offset = Int64(hours * 3600 + minutes * 60) * second
      let sign = text[start]
      i = end
      return sign == UInt8(ascii: "-") ? -offset : offset
    }
    guard start > i else { return nil }
    for (name, minutes) in names where text.has(name, at: start) && !text[start + name.utf8CodeUnitCount].isLetter {
      i = start + name.utf8CodeUnitCount
      return Int64(minutes) * 60 * second
    }
    return nil
  }

  /// The abbreviations that mean one thing only; minutes east of UTC.
  private static let names: [(StaticString, Int)] = [
    ("UTC", 0), ("GMT", 0), ("WEST", 60), ("WET", 0), ("CEST", 120), ("CET", 60), ("EEST", 180), ("EET", 120), ("EST", -300),
    ("EDT", -240), ("CDT", -300), ("MST", -420), ("MDT", -360), ("PST", -480), ("PDT", -420), ("JST", 540),
  ]

  // MARK: Months by name

  /// The month of a three-letter English name, 1 to 12, or nil.
  static func month(_ text: LineText, at i: Int) -> Int? {
    for (index, name) in months.enumerated() where text.has(name, at: i) { return index + 1 }
    return nil
  }

  private static let months: [StaticString] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}
