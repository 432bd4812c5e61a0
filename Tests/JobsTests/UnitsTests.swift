internal import Dataflow
internal import Testing

@Suite struct UnitsTests {
  static let durations: [(String, Int64)] = [
    ("0s", 0), ("1ns", 1), ("1us", 1_000), ("250ms", 250_000_000), ("5m", 300_000_000_000), ("1h30m", 5_400_000_000_000),
    ("1d", 86_400_000_000_000), ("1d1h1m1s1ms1us1ns", 90_061_001_001_001), ("90m", 5_400_000_000_000), ("007s", 7_000_000_000),
    ("9223372036854775807ns", .max),
  ]

  @Test("durations are read to the nanosecond", arguments: durations)
  func duration(text: String, nanoseconds: Int64) throws {
    #expect(try Units.duration(text) == nanoseconds)
  }

  static let badDurations: [(String, Units.Failure)] = [
    ("", .malformed), ("5", .noUnit), ("1h30", .noUnit), ("-5m", .malformed), ("+5m", .malformed), ("1.5h", .malformed),
    (" 5m", .malformed),
    ("5 m", .malformed), ("5m ", .malformed), ("m", .malformed), ("m5", .malformed), ("1m1h", .malformed), ("1m1m", .malformed),
    ("5min", .unknownUnit("min", nearest: "m")), ("5S", .unknownUnit("S", nearest: "s")), ("5µs", .unknownUnit("µs", nearest: "us")),
    ("5years", .unknownUnit("years", nearest: nil)), ("9223372036854775808ns", .tooLarge), ("9223372036854775807s", .tooLarge),
    ("106752d", .tooLarge), ("9223372036s999999999ns", .tooLarge), ("99999999999999999999999999s", .tooLarge), ("5m\u{0}", .malformed),
    ("５m", .malformed),
  ]

  @Test("what is no duration says why", arguments: badDurations)
  func badDuration(text: String, failure: Units.Failure) {
    #expect(throws: failure) { try Units.duration(text) }
  }

  static let sizes: [(String, Int64)] = [
    ("0B", 0), ("1B", 1), ("10kB", 10_000), ("64MiB", 64 << 20), ("1GB", 1_000_000_000), ("1TiB", 1 << 40), ("8388607TiB", 8_388_607 << 40),
    ("9223372036854775807B", .max),
  ]

  @Test("sizes are read to the byte", arguments: sizes)
  func bytes(text: String, count: Int64) throws {
    #expect(try Units.bytes(text) == count)
  }

  static let badSizes: [(String, Units.Failure)] = [
    ("", .malformed), ("64", .noUnit), ("64mb", .unknownUnit("mb", nearest: "MB")), ("64KB", .unknownUnit("KB", nearest: "kB")),
    ("64M", .unknownUnit("M", nearest: "MiB")), ("1MiB1kB", .malformed), ("8388608TiB", .tooLarge), ("1.5MiB", .malformed),
    ("-1B", .malformed),
    ("64 MiB", .malformed), ("64zB", .unknownUnit("zB", nearest: nil)),
  ]

  @Test("what is no size says why", arguments: badSizes)
  func badBytes(text: String, failure: Units.Failure) {
    #expect(throws: failure) { try Units.bytes(text) }
  }

  @Test("what is written is read back as the same number")
  func roundTrip() throws {
    var random = SeededRandom(seed: 7)
    for _ in 0..<2_000 {
      let value = Int64(random.next() >> 1) >> Int64(random.next() % 63)
      #expect(try Units.duration(Units.format(duration: value)) == value)
      #expect(try Units.bytes(Units.format(bytes: value)) == value)
    }
    #expect(Units.format(duration: 90_000_000_000) == "1m30s")
    #expect(Units.format(bytes: 65_536) == "64KiB")
    #expect(Units.format(bytes: 10_000) == "10kB")
  }

  @Test("the nearest name forgives typing, case and dashes, and invents nothing")
  func nearest() {
    let names = ["parallelism", "parse-json", "redact-pii", "file", "maxOutOfOrder"]
    #expect(NearestName.of("paralellism", in: names) == "parallelism")
    #expect(NearestName.of("parseJSON", in: names) == "parse-json")
    #expect(NearestName.of("redact_pi", in: names) == "redact-pii")
    #expect(NearestName.of("flie", in: names) == "file")
    #expect(NearestName.of("max-out-of-order", in: names) == "maxOutOfOrder")
    #expect(NearestName.of("kafka", in: names) == nil)
    #expect(NearestName.of("", in: names) == nil)
    #expect(NearestName.of(String(repeating: "a", count: 100_000), in: names) == nil)
  }
}

/// SplitMix64: the same seed gives the same numbers on every machine.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
