internal import Dataflow

/// What is known about families of series: type, unit and help, as the last metadata said. Bounded; what comes beyond the bound is not learned.
struct MetricFamilies {
  struct Family: Equatable {
    var type = MetricType.unknown
    var unit: [UInt8] = []
    var help: [UInt8] = []
  }

  /// More than any server exposes; a sender that makes up names must not fill the memory.
  private static let limit = 100_000
  /// The longest help that is kept.
  private static let textLimit = 4096
  /// Endings that series have and their family has not.
  private static let endings = ["_bucket", "_count", "_sum", "_total", "_created", "_info"].map { Array($0.utf8) }

  private var families: [[UInt8]: Family] = [:]

  /// Takes over what a sender says; answers whether it is news.
  @discardableResult
  mutating func learn(_ name: UnsafeRawBufferPointer, type: MetricType, unit: UnsafeRawBufferPointer, help: UnsafeRawBufferPointer) -> Bool
  {
    let family = Family(type: type, unit: Array(unit.prefix(Self.textLimit)), help: Array(help.prefix(Self.textLimit)))
    let name = Array(name)
    guard !name.isEmpty, name.count <= Self.textLimit, families[name] != family else { return false }
    guard families[name] != nil || families.count < Self.limit else { return false }
    families[name] = family
    return true
  }

  /// The family of a series: the one of its name, or of its name without an ending. Looks into a dictionary: ask once for series in a row.
  func family(of name: UnsafeRawBufferPointer) -> Family? {
    let name = Array(name)
    if let family = families[name] { return family }
    for ending in Self.endings where name.count > ending.count && name.suffix(ending.count).elementsEqual(ending) {
      if let family = families[Array(name.dropLast(ending.count))] { return family }
    }
    return nil
  }

  // MARK: State

  /// All of it, for a checkpoint.
  func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    for (name, family) in families {
      bytes.append(counted: name)
      bytes.append(integer: UInt8(family.type.rawValue))
      bytes.append(counted: family.unit)
      bytes.append(counted: family.help)
    }
    return bytes
  }

  /// Takes back what `encoded` gave. Throws `StateFormatError`.
  mutating func restore(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes)
      while !reader.isAtEnd {
        let name = try reader.counted()
        let type = MetricType(rawValue: Int(try reader.integer(UInt8.self))) ?? .unknown
        families[name] = Family(type: type, unit: try reader.counted(), help: try reader.counted())
      }
    }
  }
}
