/// Something PostgreSQL refused, or a connection that broke. Never holds a password; `detail` may quote values of a row.
public struct PostgresError: Error, Sendable, CustomStringConvertible {
  /// The five-letter SQLSTATE; empty when the connection failed before the server said anything.
  public let sqlState: String
  /// What the SQLSTATE means for a retry.
  public let fault: PostgresFault
  /// The server's or libpq's words, first line.
  public let message: String
  /// The server's further explanation. May hold contents of records: keep it out of logs.
  public let detail: String
  /// True when the reply to a COMMIT was lost: the transaction may stand or not. Read the ledger, never guess.
  public internal(set) var isCommitUnknown = false

  /// An error with a given SQLSTATE; an empty one is taken for a broken connection.
  public init(sqlState: String, message: String, detail: String = "") {
    self.init(sqlState: sqlState, fault: sqlState.isEmpty ? .connection : .of(sqlState), message: message, detail: detail)
  }

  init(sqlState: String = "", fault: PostgresFault, message: String, detail: String = "") {
    self.sqlState = sqlState
    self.fault = fault
    self.message = message
    self.detail = detail
  }

  /// Something a person can do about it, or an empty string.
  public var cure: String {
    switch sqlState {
    case "28P01", "28000": "check user and password in the connection's url, and pg_hba.conf on the server"
    case "3D000": "create the database: CREATE DATABASE <name> ENCODING 'UTF8'"
    case "42501": "grant the user what it needs: CONNECT, CREATE and TEMPORARY on the database, USAGE and CREATE on the schema"
    case "53300": "raise max_connections on the server or close other clients"
    case "53100": "free disk space on the server"
    case "25006": "the server is read-only: point the connection's url at the primary (target_session_attrs=read-write)"
    case "57014", "55P03": "find who holds the lock in pg_stat_activity, or raise statementTimeout of the connection"
    case "": fault == .connection ? "check that PostgreSQL is running and reachable at that address" : ""
    default: ""
    }
  }

  /// Message and SQLSTATE; never `detail`.
  public var description: String {
    sqlState.isEmpty ? message : "\(message) (SQLSTATE \(sqlState))"
  }
}
