/// RFC 3339 times to and from nanoseconds since 1970, by the civil-calendar arithmetic of Howard Hinnant's "chrono-compatible low-level date algorithms".
public enum RFC3339 {
  /// `2026-01-02T03:04:05[.fraction](Z|±hh:mm)`; a blank may stand for the T. Nil for anything else, and for times outside of Int64 nanoseconds.
  public static func parse(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
    guard text.count >= 20, text[4] == 0x2D, text[7] == 0x2D, text[13] == 0x3A, text[16] == 0x3A,
      text[10] == 0x54 || text[10] == 0x74 || text[10] == 0x20,
      let year = number(text, 0, 4), let month = number(text, 5, 2), let day = number(text, 8, 2),
      let hour = number(text, 11, 2), let minute = number(text, 14, 2), let second = number(text, 17, 2),
      (1...12).contains(month), (1...daysIn(month, year)).contains(day), hour < 24, minute < 60, second < 61
    else { return nil }
    var i = 19
    var nanoseconds = 0
    if text[i] == 0x2E {
      i += 1
      let start = i
      var scale = 100_000_000
      while i < text.count, (0x30...0x39).contains(text[i]) {
        nanoseconds += Int(text[i] - 0x30) * scale
        scale /= 10
        i += 1
      }
      if i == start { return nil }
    }
    guard i < text.count else { return nil }
    var offset = 0
    if text[i] == 0x5A || text[i] == 0x7A {
      guard i + 1 == text.count else { return nil }
    } else {
      guard text[i] == 0x2B || text[i] == 0x2D, i + 6 == text.count, text[i + 3] == 0x3A,
        let hours = number(text, i + 1, 2), let minutes = number(text, i + 4, 2), hours < 24, minutes < 60
      else { return nil }
      offset = (hours * 60 + minutes) * (text[i] == 0x2D ? -60 : 60)
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
    let (scaled, overflow) = Int64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    let (time, overflow2) = scaled.addingReportingOverflow(Int64(nanoseconds))
    return overflow || overflow2 ? nil : time
  }

  /// `2026-01-02T03:04:05.000000006Z`; the fraction is left out when it is zero.
  public static func format(_ nanoseconds: Int64) -> String {
    let seconds = Int(nanoseconds.flooredQuotient(1_000_000_000))
    let remainder = Int(nanoseconds) % 1_000_000_000
    let fraction = remainder < 0 ? remainder + 1_000_000_000 : remainder
    let dayNumber = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
    let ofDay = seconds - dayNumber * 86_400
    let (year, month, day) = civil(dayNumber)
    var text = "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))T\(pad(ofDay / 3600, 2)):\(pad(ofDay / 60 % 60, 2)):\(pad(ofDay % 60, 2))"
    if fraction > 0 { text += "." + pad(fraction, 9) }
    return text + "Z"
  }

  /// Days since 1970-01-01 of a proleptic Gregorian date.
  public static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let y = month <= 2 ? year - 1 : year
    let era = (y >= 0 ? y : y - 399) / 400
    let yearOfEra = y - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// The date of a number of days since 1970-01-01.
  public static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
    let z = days + 719_468
    let era = (z >= 0 ? z : z - 146_096) / 146_097
    let dayOfEra = z - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
  }

  private static func daysIn(_ month: Int, _ year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  private static func number(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ digits: Int) -> Int? {
    var value = 0
    for i in start..<(start + digits) {
      guard (0x30...0x39).contains(text[i]) else { return nil }
      value = value * 10 + Int(text[i] - 0x30)
    }
    return value
  }

  private static func pad(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}

extension Int64 {
  /// Division that rounds towards minus infinity.
  @inlinable
  public func flooredQuotient(_ divisor: Int64) -> Int64 {
    let quotient = self / divisor
    return self % divisor < 0 ? quotient - 1 : quotient
  }
}
