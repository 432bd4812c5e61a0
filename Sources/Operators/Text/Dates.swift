/// The written forms of dates and times. Each function answers with the end of the form, or nil.
enum Dates {
  typealias Pointer = UnsafePointer<UInt8>

  private static func number(_ p: Pointer, _ count: Int) -> Int {
    var result = 0
    for i in 0..<count { result = result * 10 + Int(p[i] &- 0x30) }
    return result
  }

  /// `2025-12-02`, `2016/9/27`, `02.12.2025`, `03/Nov/2023`, `12/02/25`.
  static func date(_ p: Pointer, _ end: Pointer) -> Pointer? {
    let first = Bytes.afterDigits(p, end)
    let firstCount = first - p
    guard firstCount >= 1, firstCount <= 4, firstCount != 3, first < end else { return nil }
    let separator = first.pointee
    guard separator == UInt8(ascii: "-") || separator == UInt8(ascii: "/") || separator == UInt8(ascii: ".") else { return nil }
    var second = first + 1
    let isNamed = month(second, end)
    if isNamed {
      second += 3
    } else {
      let digits = Bytes.afterDigits(second, end)
      guard digits > second, digits - second <= 2 else { return nil }
      second = digits
    }
    guard second < end, second.pointee == separator else { return nil }
    let third = Bytes.afterDigits(second + 1, end)
    let thirdCount = third - second - 1
    guard thirdCount >= 1, thirdCount <= 4, thirdCount != 3 else { return nil }
    if firstCount == 4 {
      let year = number(p, 4)
      guard year >= 1900, year < 2200, thirdCount <= 2, isNamed || isMonth(first + 1, second), isDay(second + 1, third) else { return nil }
      return third
    }
    guard isDay(p, first), isNamed || isDay(first + 1, second) else { return nil }
    if thirdCount == 4 {
      let year = number(second + 1, 4)
      return year >= 1900 && year < 2200 && (isNamed || isMonth(p, first) || isMonth(first + 1, second)) ? third : nil
    }
    // Two digits for the year: only with slashes, `1.2.3` and `10-11-12` are not dates.
    return separator == UInt8(ascii: "/") && firstCount == 2 && second - first == 3 && thirdCount == 2 ? third : nil
  }

  /// A date under a key that says birth: also `19840719`, `19 July 1984`, `July 19, 1984`.
  static func birth(_ p: Pointer, _ end: Pointer) -> Pointer? {
    if let date = date(p, end) { return date }
    let digits = Bytes.afterDigits(p, end)
    if digits - p == 8 {
      let isDate = number(p, 4) >= 1900 && number(p, 4) < 2200 && isMonth(p + 4, p + 6) && isDay(p + 6, digits)
      return isDate && (digits == end || !Bytes.isAlnum(digits.pointee)) ? digits : nil
    }
    if digits > p, digits - p <= 2, end - digits >= 9, digits.pointee == UInt8(ascii: " "), let month = monthName(digits + 1, end) {
      return year(behind: month, end)
    }
    guard let month = monthName(p, end), end - month >= 6, month.pointee == UInt8(ascii: " ") else { return nil }
    let day = Bytes.afterDigits(month + 1, end)
    guard day > month + 1, day - month <= 3 else { return nil }
    return year(behind: day, end)
  }

  /// `July`, `Jul`, `Jul.`, by its first three letters.
  private static func monthName(_ p: Pointer, _ end: Pointer) -> Pointer? {
    guard month(p, end) else { return nil }
    var q = p + 3
    while q < end, q - p < 9, Bytes.isAlpha(q.pointee) { q += 1 }
    if q < end, q.pointee == UInt8(ascii: ".") { q += 1 }
    return q
  }

  /// The end of ` 1984` or `, 1984` at `p`.
  private static func year(behind p: Pointer, _ end: Pointer) -> Pointer? {
    var q = p
    if q < end, q.pointee == UInt8(ascii: ",") { q += 1 }
    guard end - q >= 5, q.pointee == UInt8(ascii: " "), Bytes.afterDigits(q + 1, end) - q == 5 else { return nil }
    let year = number(q + 1, 4)
    return year >= 1900 && year < 2200 ? q + 5 : nil
  }

  private static func isMonth(_ p: Pointer, _ stop: Pointer) -> Bool {
    let value = number(p, stop - p)
    return value >= 1 && value <= 12
  }
  private static func isDay(_ p: Pointer, _ stop: Pointer) -> Bool {
    guard stop - p <= 2 else { return false }
    let value = number(p, stop - p)
    return value >= 1 && value <= 31
  }

  /// `10:11`, `10:11:12`, with fraction, AM or PM, zone.
  static func clock(_ p: Pointer, _ end: Pointer) -> Pointer? {
    var q = Bytes.afterDigits(p, end)
    guard q > p, q - p <= 2, number(p, q - p) <= 24 else { return nil }
    guard let minute = sixty(q, end) else { return nil }
    q = minute
    if let second = sixty(q, end) {
      q = second
      if q < end, q.pointee == UInt8(ascii: ".") || q.pointee == UInt8(ascii: ",") || q.pointee == UInt8(ascii: ":") {
        let fraction = Bytes.afterDigits(q + 1, end)
        // Behind a colon only milliseconds: `12:34:56:78` is no time.
        if fraction > q + 1, fraction - q <= 10, q.pointee != UInt8(ascii: ":") || fraction - q == 4 { q = fraction }
      }
    }
    if q < end, Bytes.isDigit(q.pointee) { return nil }
    q = zone(q, end)
    if q < end, q.pointee == UInt8(ascii: ":"), q + 1 < end, Bytes.isDigit(q[1]) { return nil }
    return q
  }

  /// `:59`, as the end of the two digits.
  private static func sixty(_ p: Pointer, _ end: Pointer) -> Pointer? {
    guard end - p >= 3, p[0] == UInt8(ascii: ":"), p[1] &- 0x30 <= 6, Bytes.isDigit(p[2]) else { return nil }
    if end - p > 3, Bytes.isDigit(p[3]) { return nil }
    return p + 3
  }

  private static func zone(_ p: Pointer, _ end: Pointer) -> Pointer {
    guard p < end else { return p }
    if p.pointee == UInt8(ascii: "Z"), p + 1 == end || !Bytes.isAlnum(p[1]) { return p + 1 }
    let q = p.pointee == UInt8(ascii: " ") ? p + 1 : p
    guard end - q >= 2 else { return p }
    if q[0] == UInt8(ascii: "+") || q[0] == UInt8(ascii: "-") {
      let hours = Bytes.afterDigits(q + 1, end)
      if hours - q == 5 { return hours }
      if hours - q == 3, let minutes = sixty(hours, end) { return minutes }
      return p
    }
    if q > p, q[1] == UInt8(ascii: "M"), q[0] == UInt8(ascii: "A") || q[0] == UInt8(ascii: "P"), end - q == 2 || !Bytes.isAlnum(q[2]) {
      return q + 2
    }
    if q > p, end - q >= 3, Bytes.starts(q, end, with: "UTC") || Bytes.starts(q, end, with: "GMT"), end - q == 3 || !Bytes.isAlnum(q[3]) {
      return q + 3
    }
    return p
  }

  /// Where a date in words begins whose day stands right before a clock: `Nov  3 `, `Fri Jul 01 `, `06 Nov 1994 `, `Sun, 06 Nov 1994 `.
  ///
  /// `[day, dayEnd)` is the number before the clock at `clock`: a day of the month, or a year.
  static func dateBefore(_ clock: Pointer, day: Pointer, _ dayEnd: Pointer, from base: Pointer) -> Pointer? {
    guard dayEnd < clock, clock - dayEnd <= 2, isBlank(dayEnd, clock), day > base else { return nil }
    var p = skipBlanksBack(day, base)
    guard p < day, p - base >= 3, month(p - 3, p) else { return nil }
    p -= 3
    if dayEnd - day == 4 {
      // `06 Nov 1994 08:49:37`: the day stands before the month.
      let afterDay = skipBlanksBack(p, base)
      var first = afterDay
      while first > base, Bytes.isDigit(first[-1]), afterDay - first < 2 { first -= 1 }
      guard first < afterDay, afterDay < p else { return nil }
      p = first
    } else if dayEnd - day > 2 {
      return nil
    }
    var q = skipBlanksBack(p, base)
    if q > base, q[-1] == UInt8(ascii: ",") { q -= 1 }
    if q < p, q - base >= 3, weekday(q - 3, q), q - 3 == base || !Bytes.isAlnum(q[-4]) { return q - 3 }
    return p == base || !Bytes.isAlnum(p[-1]) ? p : nil
  }

  /// ` PDT 2005`, ` 2005`, ` UTC`.
  static func zoneAndYear(_ p: Pointer, _ end: Pointer) -> Pointer {
    var q = p
    if end - q >= 4, q[0] == UInt8(ascii: " "), Bytes.isUpper(q[1]), Bytes.isUpper(q[2]), Bytes.isUpper(q[3]) {
      var zone = q + 4
      if zone < end, Bytes.isUpper(zone.pointee) { zone += 1 }
      if zone == end || !Bytes.isAlnum(zone.pointee) { q = zone }
    }
    if end - q >= 5, q[0] == UInt8(ascii: " "), Bytes.afterDigits(q + 1, end) - q == 5, number(q + 1, 4) >= 1900, number(q + 1, 4) < 2200 {
      return q + 5
    }
    return p
  }

  private static func isBlank(_ p: Pointer, _ stop: Pointer) -> Bool {
    var p = p
    while p < stop {
      guard p.pointee == UInt8(ascii: " ") else { return false }
      p += 1
    }
    return true
  }

  private static func skipBlanksBack(_ p: Pointer, _ base: Pointer) -> Pointer {
    var p = p
    var left = 2
    while p > base, left > 0, p[-1] == UInt8(ascii: " ") {
      p -= 1
      left -= 1
    }
    return p
  }

  private static func month(_ p: Pointer, _ end: Pointer) -> Bool {
    guard end - p >= 3 else { return false }
    return isOneOf("JanFebMarAprMayJunJulAugSepOctNovDec", p)
  }

  private static func weekday(_ p: Pointer, _ end: Pointer) -> Bool {
    guard end - p >= 3 else { return false }
    return isOneOf("MonTueWedThuFriSatSun", p)
  }

  private static func isOneOf(_ words: StaticString, _ p: Pointer) -> Bool {
    let w = words.utf8Start
    var i = 0
    while i < words.utf8CodeUnitCount {
      if w[i] == p[0], w[i + 1] == p[1], w[i + 2] == p[2] { return true }
      i += 3
    }
    return false
  }
}
