/// Units that are written right behind a number.
enum Units {
  /// What a number with this unit is: a duration, a size, or (temperature, factor, pixels …) still a number.
  static func kind(_ p: UnsafePointer<UInt8>, _ count: Int) -> TokenKind? {
    // Up to four letters in one word, first letter highest.
    guard count <= 4 else { return nil }
    var word: UInt32 = 0
    for i in 0..<count { word = word << 8 | UInt32(p[i]) }
    switch word {
    case code("s"), code("m"), code("h"), code("d"), code("ms"), code("us"), code("ns"), code("min"), code("mins"), code("sec"),
      code("secs"), code("hr"), code("hrs"), code("days"), code("day"), code("S"), code("H"):
      return .duration
    case code("B"), code("b"), code("K"), code("k"), code("M"), code("G"), code("T"), code("P"), code("KB"), code("kB"), code("kb"),
      code("MB"), code("mb"), code("GB"), code("gb"), code("TB"), code("tb"), code("PB"), code("KiB"), code("MiB"), code("GiB"),
      code("TiB"), code("Ki"), code("Mi"), code("Gi"), code("Ti"):
      return .size
    case code("x"), code("X"), code("C"), code("F"), code("V"), code("W"), code("A"), code("Hz"), code("kHz"), code("MHz"), code("GHz"),
      code("px"), code("dp"), code("pt"), code("rpm"), code("L"), code("f"), code("bps"), code("Kbps"), code("Mbps"), code("Gbps"),
      code("st"), code("nd"), code("rd"), code("th"):
      return .number
    default: return nil
    }
  }

  /// The letters of a unit, packed as `kind` packs them. Folded at compile time.
  @inline(__always)
  private static func code(_ word: StaticString) -> UInt32 {
    let p = word.utf8Start
    var result: UInt32 = 0
    for i in 0..<word.utf8CodeUnitCount { result = result << 8 | UInt32(p[i]) }
    return result
  }
}
