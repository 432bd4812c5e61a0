/// Columns of text: the first ones to the left, numbers to the right.
struct TextTable {
  private var rows: [[String]]
  private let leftColumns: Int

  /// - Parameter leftColumns: how many columns hold words.
  init(_ titles: [String], leftColumns: Int = 1) {
    rows = [titles]
    self.leftColumns = leftColumns
  }

  mutating func add(_ row: [String]) { rows.append(row) }

  /// One line a row.
  var lines: [String] {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = row.indices.map { column in
        let padding = String(repeating: " ", count: widths[column] - row[column].count)
        return column < leftColumns ? row[column] + padding : padding + row[column]
      }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}

/// Numbers as people read them; the same on every machine.
enum Readable {
  /// `1,183`
  static func count(_ value: Double) -> String {
    let whole = Int64(value.rounded())
    var digits = String(whole.magnitude)
    var end = digits.endIndex
    while digits.distance(from: digits.startIndex, to: end) > 3 {
      end = digits.index(end, offsetBy: -3)
      digits.insert(",", at: end)
    }
    return (whole < 0 ? "-" : "") + digits
  }

  static func count(_ value: Int) -> String { count(Double(value)) }

  /// `12.3 ms`, `1.85 s`
  static func duration(_ nanoseconds: Int64) -> String {
    let value = Double(nanoseconds)
    if value < 1_000_000 { return decimal(value / 1000, 0) + " us" }
    if value < 10_000_000 { return decimal(value / 1_000_000, 1) + " ms" }
    if value < 1_000_000_000 { return decimal(value / 1_000_000, 0) + " ms" }
    return decimal(value / 1_000_000_000, 2) + " s"
  }

  /// `15.2 %`
  static func percent(_ share: Double) -> String { decimal(share * 100, share != 0 && share < 0.1 ? 2 : 1) + " %" }

  static func decimal(_ value: Double, _ places: Int) -> String {
    guard value.isFinite else { return "-" }
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let scaled = Int64((value.magnitude * scale).rounded())
    let unit = Int64(scale)
    let sign = value < 0 && scaled > 0 ? "-" : ""
    if places == 0 { return "\(sign)\(scaled)" }
    let fraction = String(scaled % unit)
    return "\(sign)\(scaled / unit)." + String(repeating: "0", count: places - fraction.count) + fraction
  }
}
