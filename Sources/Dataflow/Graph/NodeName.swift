/// The names that jobs, connections and components may have: they become names of folders, tables and metrics.
public enum NodeName {
  /// What a name looks like, for messages.
  public static let pattern = "^[a-z0-9][a-z0-9-]{0,62}$"

  /// Whether the name is 1 to 63 of a-z, 0-9 and `-`, and does not begin with `-`.
  public static func isValid(_ name: String) -> Bool {
    guard let first = name.utf8.first, first != UInt8(ascii: "-"), name.utf8.count <= 63 else { return false }
    return name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
      default: false
      }
    }
  }
}
