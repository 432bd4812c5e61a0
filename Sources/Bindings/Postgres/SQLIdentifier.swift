/// A name of a table, column or index that is safe to stand in a statement. The only way names get into SQL; values are always bound.
public struct SQLIdentifier: Hashable, Sendable, CustomStringConvertible {
  /// The name as it was given.
  public let name: String

  /// Accepts `^[A-Za-z_][A-Za-z0-9_]{0,62}$`: what PostgreSQL itself neither cuts nor needs quotes for, apart from case and keywords.
  ///
  /// Throws `PostgresError` (permanent) for anything else.
  public init(_ name: String) throws {
    let bytes = name.utf8
    let isValid =
      (1...63).contains(bytes.count)
      && bytes.enumerated().allSatisfy { index, byte in
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): index > 0
        default: false
        }
      }
    guard isValid else {
      let shown = String(name.unicodeScalars.prefix(80).map { $0.isASCII && $0.value >= 0x20 ? Character($0) : "?" })
      throw PostgresError(
        fault: .permanent,
        message: "\"\(shown)\" is not a name for a table or column: use letters, digits and _, at most 63, no digit first")
    }
    self.name = name
  }

  /// The name in double quotes. Case is kept, keywords are harmless.
  public var quoted: String { "\"\(name)\"" }

  /// The same as `quoted`.
  public var description: String { quoted }
}

extension Sequence<SQLIdentifier> {
  /// The quoted names with commas between them.
  public var list: String { map(\.quoted).joined(separator: ", ") }
}
