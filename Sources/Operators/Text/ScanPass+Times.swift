/// Dates and times of day.
extension ScanPass {
  /// A date at `start` (its atom ends at `atomEnd`), with the time of day that may follow it.
  mutating func timestamp(_ start: Pointer, _ atomEnd: Pointer) -> Pointer? {
    guard let date = Dates.date(start, end) else { return nil }
    if start - base >= 4, Bytes.isQuote(start[-1]) || start[-1] == UInt8(ascii: " "), let next = dateOfBirth(start, date) { return next }
    var stop = date
    if stop < end {
      let byte = stop.pointee
      let joined = byte == UInt8(ascii: "T") || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
      if joined || byte == UInt8(ascii: " "), let clock = Dates.clock(stop + 1, end) {
        stop = clock
      }
    }
    // Part of something longer that is not a date.
    guard stop >= atomEnd || stop.pointee == UInt8(ascii: ":") else { return nil }
    record(.time, start, stop)
    return stop
  }

  /// A time of day at `start`, together with the syslog or RFC 1123 date before it and the zone and year behind it.
  mutating func clock(_ start: Pointer, _ atomEnd: Pointer) -> Pointer? {
    guard var stop = Dates.clock(start, end), stop >= atomEnd else { return nil }
    var first = start
    if let day = lastToken, day.kind == .number, start >= quiet,
      let date = Dates.dateBefore(start, day: day.start, day.end, from: quiet), unrecord(from: date)
    {
      // `Nov  3 10:11:12`, `Fri Jul 01 08:16:53 PDT 2005`; the words before the day are literal still.
      first = date
      stop = Dates.zoneAndYear(stop, end)
    }
    record(.time, first, stop)
    return stop
  }
}
