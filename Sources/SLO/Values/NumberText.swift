/// Numbers as people write them: no exponent, no noise of binary fractions.
package enum NumberText {
  /// Up to `digits` significant digits, without an exponent: `14.4`, `0.001`, `720`. Not a number and infinities are `NaN`, `+Inf`, `-Inf`.
  package static func decimal(_ value: Double, digits: Int = 12) -> String {
    guard value.isFinite else { return value.isNaN ? "NaN" : value > 0 ? "+Inf" : "-Inf" }
    let magnitude = value.magnitude
    if magnitude == magnitude.rounded(), magnitude < 1e15 { return "\(Int64(value))" }
    guard magnitude < 1e15 else { return "\(value)" }
    // How many places make `digits` significant ones.
    var places = digits - 1
    var size = magnitude
    while size >= 10 {
      size /= 10
      places -= 1
    }
    while size < 1, places < 17 {
      size *= 10
      places += 1
    }
    return fixed(value, places: max(0, places), trim: true)
  }

  /// With `places` digits after the point; `trim` takes zeros off the end.
  package static func fixed(_ value: Double, places: Int, trim: Bool = false) -> String {
    guard value.isFinite else { return decimal(value) }
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let scaled = (value.magnitude * scale).rounded()
    guard scaled < 9e18 else { return "\(value)" }
    var text = "\(UInt64(scaled))"
    if places > 0 {
      text = String(repeating: "0", count: max(0, places + 1 - text.utf8.count)) + text
      let point = text.index(text.endIndex, offsetBy: -places)
      text = text[..<point] + "." + text[point...]
      if trim {
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
      }
    }
    return value < 0 && scaled > 0 ? "-" + text : text
  }

  /// A ratio as per cent: `99.9%`.
  package static func percent(_ ratio: Double, places: Int = 2) -> String { fixed(ratio * 100, places: places, trim: true) + "%" }

  /// Nanoseconds for people: `350 ms`, `1.5 s`.
  package static func duration(_ nanoseconds: Int64) -> String {
    let value = Double(nanoseconds)
    switch nanoseconds {
    case ..<1_000: return "\(nanoseconds) ns"
    case ..<1_000_000: return decimal(value / 1e3, digits: 3) + " µs"
    case ..<1_000_000_000: return decimal(value / 1e6, digits: 3) + " ms"
    default: return decimal(value / 1e9, digits: 3) + " s"
    }
  }

  /// A count for people: `12 300`, with narrow spaces left to whoever prints it.
  package static func count(_ value: Double) -> String { value < 100 ? decimal(value, digits: 3) : fixed(value, places: 0) }

  /// Minutes for people and labels: `2d2h`, `1h30m`, `5m`.
  package static func minutes(_ total: Int) -> String {
    let parts = [(total / 1440, "d"), (total % 1440 / 60, "h"), (total % 60, "m")].filter { $0.0 > 0 }
    return parts.isEmpty ? "0m" : parts.map { "\($0.0)\($0.1)" }.joined()
  }
}
