internal import Dataflow

/// Steps through the head of a syslog message. What returns nil or false has left the place undefined: keep a copy to go back to.
struct SyslogScan {
  typealias Bytes = UnsafeBufferPointer<UInt8>

  private let text: Bytes
  private var index = 0

  init(_ text: Bytes) { self.text = text }

  /// What was not stepped over.
  var rest: Bytes { Bytes(rebasing: text[min(index, text.count)...]) }

  private func has(_ byte: UInt8, at index: Int) -> Bool { index < text.count && text[index] == byte }

  mutating func skip(_ byte: UInt8) { if has(byte, at: index) { index += 1 } }

  mutating func skipByteOrderMark() {
    if has(0xEF, at: index), has(0xBB, at: index + 1), has(0xBF, at: index + 2) { index += 3 }
  }

  /// `<0>` to `<191>`.
  mutating func priority() -> SyslogPriority? {
    guard has(UInt8(ascii: "<"), at: index) else { return nil }
    var end = index + 1
    var number = 0
    while end < text.count, end < index + 4, text[end] &- 0x30 <= 9 {
      number = number * 10 + Int(text[end] - 0x30)
      end += 1
    }
    guard end > index + 1, has(UInt8(ascii: ">"), at: end), number <= SyslogPriority.largest else { return nil }
    index = end + 1
    return SyslogPriority(number: number)
  }

  /// `1 `: the only version of RFC 5424 there is.
  mutating func version() -> Bool {
    guard has(UInt8(ascii: "1"), at: index), has(UInt8(ascii: " "), at: index + 1) else { return false }
    index += 2
    return true
  }

  /// Bytes up to a blank, which is stepped over; nil when there are none.
  mutating func word() -> Bytes? {
    let start = index
    while index < text.count, text[index] != UInt8(ascii: " ") { index += 1 }
    guard index > start else { return nil }
    defer { skip(UInt8(ascii: " ")) }
    return Bytes(rebasing: text[start..<index])
  }

  /// `-`, or `[id name="value" …][…]` with `\"`, `\\` and `\]` in values. Nil when it does not end.
  mutating func structuredData() -> Bytes? {
    let start = index
    if has(UInt8(ascii: "-"), at: index) {
      index += 1
      return Bytes(rebasing: text[start..<index])
    }
    guard has(UInt8(ascii: "["), at: index) else { return nil }
    while has(UInt8(ascii: "["), at: index) {
      var isQuoted = false
      var isEnded = false
      while index < text.count, !isEnded {
        switch text[index] {
        case UInt8(ascii: "\\") where isQuoted: index += 1
        case UInt8(ascii: "\""): isQuoted.toggle()
        case UInt8(ascii: "]") where !isQuoted: isEnded = true
        default: break
        }
        index += 1
      }
      guard isEnded else { return nil }
    }
    return Bytes(rebasing: text[start..<index])
  }

  /// An RFC 3339 time in the place of the old one.
  mutating func newTime() -> Int64? {
    let before = self
    guard let word = word(), let time = RFC3339.parse(word) else {
      self = before
      return nil
    }
    return time
  }

  private static let months: [StaticString] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  /// `Mmm dd hh:mm:ss`: the year is that which brings it closest to the clock.
  mutating func oldTime(_ clock: SyslogMessage.Clock) -> Int64? {
    guard text.count - index >= 15 else { return nil }
    let at = { [text, index] (offset: Int) in text[index + offset] }
    func number(_ offset: Int) -> Int? {
      let (tens, ones) = (at(offset) == UInt8(ascii: " ") ? 0 : at(offset) &- 0x30, at(offset + 1) &- 0x30)
      return tens <= 9 && ones <= 9 ? Int(tens) * 10 + Int(ones) : nil
    }
    guard
      let month = Self.months.firstIndex(where: { name in (0..<3).allSatisfy { name.utf8Start[$0] == at($0) } }),
      at(3) == 0x20, at(6) == 0x20, at(9) == 0x3A, at(12) == 0x3A, let day = number(4), let hour = number(7), let minute = number(10),
      let second = number(13), (1...31).contains(day), hour < 24, minute < 60, second < 61, index + 15 == text.count || at(15) == 0x20
    else { return nil }
    let today = RFC3339.civil(Int(clock.now.flooredQuotient(86_400_000_000_000)))
    var best: Int64?
    for year in today.year - 1...today.year + 1 {
      let days = RFC3339.days(year, month + 1, day)
      // A day that the month does not have is that of another month: the 29th of February exists in leap years only.
      guard RFC3339.civil(days).month == month + 1 else { continue }
      let seconds = Int64(days * 86_400 + hour * 3600 + minute * 60 + second) - clock.offset
      let (time, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
      guard !overflow else { continue }
      if let known = best, Self.distance(known, clock.now) <= Self.distance(time, clock.now) { continue }
      best = time
    }
    guard let best else { return nil }
    index += 15
    skip(UInt8(ascii: " "))
    return best
  }

  private static func distance(_ one: Int64, _ other: Int64) -> UInt64 {
    one > other ? UInt64(bitPattern: one &- other) : UInt64(bitPattern: other &- one)
  }

  /// `name: `, `name[pid]: `; nil when what comes next is no tag.
  mutating func tag() -> (name: Bytes, process: Bytes?)? {
    let start = index
    var end = index
    while end < text.count, Self.isTagByte(text[end]) { end += 1 }
    guard end > start, end - start <= 64, end < text.count else { return nil }
    let name = Bytes(rebasing: text[start..<end])
    var process: Bytes?
    if text[end] == UInt8(ascii: "[") {
      guard let close = text[end...].firstIndex(of: UInt8(ascii: "]")), close - end <= 128 else { return nil }
      process = Bytes(rebasing: text[end + 1..<close])
      end = close + 1
    }
    guard has(UInt8(ascii: ":"), at: end) else { return nil }
    index = end + 1
    skip(UInt8(ascii: " "))
    return (name, process)
  }

  private static func isTagByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "@"):
      true
    default: false
    }
  }
}
