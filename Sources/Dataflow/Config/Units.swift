/// Reads and writes the two quantities that job files write with units.
public enum Units {
  /// Why a text is not a quantity.
  public enum Failure: Error, Hashable, Sendable {
    /// Digits only.
    case noUnit
    /// A unit that does not exist, with the one that was probably meant.
    case unknownUnit(String, nearest: String?)
    /// More than 64 bits of nanoseconds or bytes.
    case tooLarge
    /// Anything else: a sign, a fraction, a space, units that do not fall, nothing at all.
    case malformed
  }

  private static let durations: [(unit: String, factor: Int64)] = [
    ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000),
    ("ns", 1),
  ]
  private static let sizes: [(unit: String, factor: Int64)] = [
    ("TiB", 1 << 40), ("TB", 1_000_000_000_000), ("GiB", 1 << 30), ("GB", 1_000_000_000), ("MiB", 1 << 20), ("MB", 1_000_000),
    ("KiB", 1 << 10), ("kB", 1_000), ("B", 1),
  ]

  /// Nanoseconds of `5m`, `1h30m`, `250ms`: whole numbers with units d, h, m, s, ms, us, ns, each unit smaller than the one before.
  public static func duration(_ text: String) throws(Failure) -> Int64 {
    var total: Int64 = 0
    var smallest = Int.max
    var rest = text.utf8[...]
    var parts = 0
    while !rest.isEmpty {
      let (number, unit) = try part(&rest)
      guard let index = durations.firstIndex(where: { $0.unit == unit }) else {
        throw .unknownUnit(unit, nearest: nearestDuration(unit))
      }
      guard parts == 0 || index > smallest else { throw .malformed }
      smallest = index
      parts += 1
      total = try add(total, number, durations[index].factor)
    }
    guard parts > 0 else { throw .malformed }
    return total
  }

  /// Bytes of `64MiB` or `10kB`: one whole number with a unit B, kB, MB, GB, TB, KiB, MiB, GiB or TiB.
  public static func bytes(_ text: String) throws(Failure) -> Int64 {
    var rest = text.utf8[...]
    let (number, unit) = try part(&rest)
    guard rest.isEmpty else { throw .malformed }
    guard let size = sizes.first(where: { $0.unit == unit }) else {
      let nearest =
        sizes.first { $0.unit.lowercased() == unit.lowercased() }
        ?? sizes.first { $0.unit.lowercased() == unit.lowercased() + "b" || $0.unit.lowercased() == unit.lowercased() + "ib" }
      throw .unknownUnit(unit, nearest: nearest?.unit)
    }
    return try add(0, number, size.factor)
  }

  /// The shortest text that `duration` reads back as the same number: `90_000_000_000` is `1m30s`.
  public static func format(duration nanoseconds: Int64) -> String {
    guard nanoseconds > 0 else { return "0s" }
    var rest = nanoseconds
    var text = ""
    for (unit, factor) in durations where rest >= factor {
      text += "\(rest / factor)\(unit)"
      rest %= factor
    }
    return text
  }

  /// The text with the largest unit that leaves no remainder: `65_536` is `64KiB`.
  public static func format(bytes: Int64) -> String {
    guard bytes > 0 else { return "0B" }
    // The unit with the smallest number before it; of two, the binary one.
    let (unit, factor) = sizes.first { bytes % $0.factor == 0 } ?? ("B", 1)
    return "\(bytes / factor)\(unit)"
  }

  private static func part(_ rest: inout Substring.UTF8View) throws(Failure) -> (Int64, String) {
    var number: Int64 = 0
    var digits = 0
    while let byte = rest.first, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
      number = try add(Int64(byte - UInt8(ascii: "0")), number, 10)
      digits += 1
      rest.removeFirst()
    }
    guard digits > 0 else { throw .malformed }
    let unit = rest.prefix { byte in
      (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")) || byte >= 0x80
    }
    let text = String(Substring(unit))
    rest.removeFirst(unit.count)
    if text.isEmpty {
      if rest.isEmpty { throw .noUnit }
      throw .malformed
    }
    return (number, text)
  }

  private static func add(_ sum: Int64, _ number: Int64, _ factor: Int64) throws(Failure) -> Int64 {
    let (product, tooLarge) = number.multipliedReportingOverflow(by: factor)
    let (total, overflow) = sum.addingReportingOverflow(product)
    guard !tooLarge, !overflow else { throw .tooLarge }
    return total
  }

  private static func nearestDuration(_ unit: String) -> String? {
    switch unit.lowercased() {
    case "sec", "secs", "second", "seconds": "s"
    case "min", "mins", "minute", "minutes": "m"
    case "hr", "hrs", "hour", "hours": "h"
    case "day", "days": "d"
    case "millis", "msec", "milliseconds": "ms"
    case "µs", "μs", "micros", "microseconds", "usec": "us"
    case "nanos", "nanoseconds", "nsec": "ns"
    default: durations.first { $0.unit == unit.lowercased() }?.unit
    }
  }
}
