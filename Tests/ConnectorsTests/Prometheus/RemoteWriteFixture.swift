import Connectors

/// Remote-write requests of both versions, written by hand.
struct RemoteWriteFixture {
  static let time: Int64 = 1_767_225_600_123
  /// The value by which Prometheus marks the end of a series.
  static let stale = Double(bitPattern: 0x7FF0_0000_0000_0002)

  private let version: UInt8
  private var writer = WireWriter()
  private var symbols = [""]

  init(version: UInt8) { self.version = version }

  /// What the decoder gets: a byte for the version, and the protobuf.
  var kept: [UInt8] { [version] + body }

  var body: [UInt8] {
    guard version == 2 else { return writer.bytes }
    var table = WireWriter()
    for symbol in symbols { table.append(4, symbol) }
    return table.bytes + writer.bytes
  }

  private mutating func symbol(_ text: String) -> UInt64 {
    if let known = symbols.firstIndex(of: text) { return UInt64(known) }
    symbols.append(text)
    return UInt64(symbols.count - 1)
  }

  private mutating func append(_ labels: [(String, String)], to message: inout WireWriter) {
    guard version == 2 else {
      for (name, value) in labels {
        message.append(1) {
          $0.append(1, name)
          $0.append(2, value)
        }
      }
      return
    }
    message.append(1, packed: labels.flatMap { [symbol($0.0), symbol($0.1)] })
  }

  /// Adds a series. Of 2.0 with its type, help and unit.
  mutating func series(
    _ labels: [(String, String)], _ samples: [(Double, Int64)], exemplars: [([(String, String)], Double, Int64)] = [],
    histograms: [[UInt8]] = [], metadata: (UInt64, String, String)? = nil, created: Int64? = nil
  ) {
    var series = WireWriter()
    append(labels, to: &series)
    for (value, time) in samples {
      series.append(2) {
        $0.append(1, double: value)
        $0.append(2, varint: UInt64(bitPattern: time))
      }
    }
    let (exemplarField, histogramField) = version == 2 ? (4, 3) : (3, 4)
    for (labels, value, time) in exemplars {
      var exemplar = WireWriter()
      append(labels, to: &exemplar)
      exemplar.append(2, double: value)
      exemplar.append(3, varint: UInt64(bitPattern: time))
      series.append(exemplarField, exemplar.bytes)
    }
    for histogram in histograms { series.append(histogramField, histogram) }
    if let (type, help, unit) = metadata {
      let (helpSymbol, unitSymbol) = (symbol(help), symbol(unit))
      series.append(5) {
        $0.append(1, varint: type)
        $0.append(3, varint: helpSymbol)
        $0.append(4, varint: unitSymbol)
      }
    }
    if let created { series.append(6, varint: UInt64(bitPattern: created)) }
    writer.append(version == 2 ? 5 : 1, series.bytes)
  }

  /// Adds what 1.0 says about a family.
  mutating func family(_ name: String, type: UInt64, help: String, unit: String = "") {
    writer.append(3) {
      $0.append(1, varint: type)
      $0.append(2, name)
      $0.append(4, help)
      $0.append(5, unit)
    }
  }

  /// A native histogram with two spans.
  static func histogram(sum: Double = 12.5) -> [UInt8] {
    var writer = WireWriter()
    writer.append(1, varint: 7)
    writer.append(3, double: sum)
    writer.append(4, varint: 6)  // zigzag: 3
    writer.append(5, double: 0.001)
    writer.append(6, varint: 1)
    writer.append(11) {
      $0.append(1, varint: 3)  // zigzag: -2
      $0.append(2, varint: 2)
    }
    writer.append(12, packed: [6, 1])  // zigzag: 3, -1
    writer.append(15, varint: UInt64(time))
    return writer.bytes
  }
}
