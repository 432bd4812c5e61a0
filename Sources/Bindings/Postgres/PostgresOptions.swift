internal import CLibPQ

/// Where a PostgreSQL server is and how long to wait for it.
public struct PostgresOptions: Sendable {
  /// A connection URL or a `key=value` string, as libpq takes it. May hold a password: never printed.
  public var url: String
  /// Nanoseconds until a connection attempt is given up.
  public var connectTimeout: Int64
  /// Nanoseconds until a statement is given up, by the server and, a little later, by the client.
  public var statementTimeout: Int64

  /// Options with a limit on every wait: 10 s to connect, 5 min a statement unless told otherwise.
  public init(url: String, connectTimeout: Int64 = 10_000_000_000, statementTimeout: Int64 = 300_000_000_000) {
    self.url = url
    self.connectTimeout = connectTimeout
    self.statementTimeout = statementTimeout
  }

  /// Whether libpq can read the URL. Connects to nothing.
  public var isWellFormed: Bool {
    if url.isEmpty || url.utf8.contains(0) { return false }
    var message: UnsafeMutablePointer<CChar>?
    let options = PQconninfoParse(url, &message)
    defer {
      PQconninfoFree(options)
      PQfreemem(message)
    }
    return options != nil
  }

  /// libpq's keywords in the order of their weight: the URL overrides what stands before it, not what stands after.
  var parameters: [(String, String)] {
    [
      ("application_name", "sloscout"),
      // A peer that vanished without a word is noticed after half a minute, sending or waiting.
      ("keepalives_idle", "15"), ("keepalives_interval", "5"), ("keepalives_count", "3"), ("tcp_user_timeout", "30000"),
      ("dbname", url),
      ("client_encoding", "UTF8"),
    ]
  }
}
