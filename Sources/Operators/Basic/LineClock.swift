internal import Dataflow

/// Gives every line of a split a time: the one it states, else that of the last line before it that stated one.
///
/// Deterministic on replay: it depends on the lines of the split, in their order, and on `reference`, which is part of the state.
struct LineClock: Equatable {
  /// The last time that a line of the split stated.
  var last: Int64?
  /// Where in the split that was. When two former subtasks knew the split, the one that had read further is right.
  var offset: Int64 = -1
  /// The moment at which the split was first seen: what a time without a year is near to when no line before it had one.
  var reference: Int64

  /// Places a yearless time: nearest to the last line's; for the first line the newest year that is not in the future of the reference.
  func place(_ yearless: (month: Int, day: Int, clock: Int64), offset: Int64) -> Int64? {
    let near = last ?? reference
    let year = Timestamp.year(of: near)
    var best: Int64?
    for candidate in (year - 1)...(year + 1) {
      guard
        let time = Timestamp.time(year: candidate, month: yearless.month, day: yearless.day, clock: yearless.clock, offset: offset)
      else { continue }
      if last == nil {
        // A day of grace: the machine's clock and its zone may differ from ours.
        if time <= reference + 86_400 * Timestamp.second { best = time }
      } else if best.map({ abs(time - near) < abs($0 - near) }) ?? true {
        best = time
      }
    }
    return best
  }
}

/// The clocks of all splits as bytes of a checkpoint.
///
/// ```
/// version u8 = 1
/// per split: name length u32, name, has last u8, last i64, offset i64, reference i64      little-endian
/// ```
enum LineClockCoding {
  static let version: UInt8 = 1

  static func encode(_ clocks: [String: LineClock]) -> [UInt8] {
    var bytes = [version]
    for (name, clock) in clocks.sorted(by: { $0.key < $1.key }) {
      append(UInt32(name.utf8.count), to: &bytes)
      bytes.append(contentsOf: name.utf8)
      bytes.append(clock.last == nil ? 0 : 1)
      append(clock.last ?? 0, to: &bytes)
      append(clock.offset, to: &bytes)
      append(clock.reference, to: &bytes)
    }
    return bytes
  }

  /// Nil when the bytes are not what `encode` writes.
  static func decode(_ bytes: [UInt8]) -> [String: LineClock]? {
    guard bytes.first == version else { return nil }
    var rest = bytes.dropFirst()
    var clocks: [String: LineClock] = [:]
    while !rest.isEmpty {
      guard let length = take(UInt32.self, &rest), rest.count >= Int(length) else { return nil }
      let name = String(decoding: rest.prefix(Int(length)), as: UTF8.self)
      rest = rest.dropFirst(Int(length))
      guard let hasLast = take(UInt8.self, &rest), hasLast <= 1, let last = take(Int64.self, &rest), let offset = take(Int64.self, &rest),
        let reference = take(Int64.self, &rest)
      else { return nil }
      clocks[name] = LineClock(last: hasLast == 1 ? last : nil, offset: offset, reference: reference)
    }
    return clocks
  }

  private static func append<T: FixedWidthInteger>(_ value: T, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  private static func take<T: FixedWidthInteger>(_ type: T.Type, _ bytes: inout ArraySlice<UInt8>) -> T? {
    let size = MemoryLayout<T>.size
    guard bytes.count >= size else { return nil }
    var value: T = 0
    for (i, byte) in bytes.prefix(size).enumerated() { value |= T(truncatingIfNeeded: byte) << T(i * 8) }
    bytes = bytes.dropFirst(size)
    return value
  }
}
