/// Reads and writes the moment at which the shop's telemetry begins.
enum ShopStart {
  /// Milliseconds since 1970 of a text of the form `2026-01-01T00:00:00Z`; nil for anything else.
  static func milliseconds(_ text: String) -> Int64? {
    let bytes = Array(text.utf8)
    guard bytes.count == 20, bytes[19] == UInt8(ascii: "Z") else { return nil }
    for (place, mark) in [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")] where bytes[place] != Array(mark.utf8)[0] { return nil }
    func number(_ range: Range<Int>) -> Int? {
      let digits = bytes[range]
      guard digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
      return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
    guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
      let minute = number(14..<16), let second = number(17..<19), (1970...2200).contains(year), (1...12).contains(month), day >= 1,
      day <= length(month, year), hour < 24, minute < 60, second < 60
    else { return nil }
    var days = day - 1
    for earlier in 1970..<year { days += length(2, earlier) == 29 ? 366 : 365 }
    for earlier in 1..<month { days += length(earlier, year) }
    return Int64(((days * 24 + hour) * 60 + minute) * 60 + second) * 1000
  }

  private static func length(_ month: Int, _ year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}
