/// What an SQLSTATE means for whoever sent the statement.
public enum PostgresFault: Sendable, Equatable {
  /// The connection is gone or the server is not (yet) there: connect again later.
  case connection
  /// The server is there and the same statement may succeed later: deadlock, serialization, timeout, disk full.
  case transient
  /// The row is at fault: a constraint, a type, a range, a size.
  case data
  /// A person must act: rights, password, a missing table, a wrong statement.
  case permanent

  /// Whether the same work may be tried again.
  public var isRetryable: Bool { self == .connection || self == .transient }

  /// Classifies a five-letter SQLSTATE. Unknown ones are permanent: nothing is repeated in hope.
  public static func of(_ sqlState: String) -> PostgresFault {
    switch sqlState {
    // Out of shared memory stands in class 53, but a server that starts, stops or failed over says so in 57P and 25P.
    case "57P01", "57P02", "57P03", "57P05", "25P03", "25P04", "53300": return .connection
    // A standby (after a failover the old primary) is read-only: the primary may answer next time.
    case "25006", "55P03", "57014", "40001", "40P01", "40003", "55006": return .transient
    // raise_exception: a trigger of the user's refused the row. 44000: so did a view's check option.
    case "P0001", "44000": return .data
    default: break
    }
    switch sqlState.prefix(2) {
    case "08": return .connection
    case "40", "53", "58": return .transient
    // 54: a limit of the server, such as a key too long for an index or JSON nested too deep.
    case "22", "23", "54": return .data
    default: return .permanent
    }
  }
}
