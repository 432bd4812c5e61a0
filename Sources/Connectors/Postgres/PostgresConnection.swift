public import Dataflow
internal import Postgres

/// The `postgres` connection of a job file: where the server is, and how long to wait for it.
public enum PostgresConnection {
  /// What a `Connection` document of type `postgres` may say.
  public static let descriptor = Descriptor(
    type: "postgres",
    summary: "A PostgreSQL database.",
    fields: [
      ConfigField(
        "url", .string, required: true, example: "postgresql://user@localhost:5432/sloscout", secret: true,
        "Where the database is: a postgresql:// URL, or key=value pairs as libpq takes them."),
      ConfigField("connectTimeout", .duration, default: "10s", "How long to wait for a connection."),
      ConfigField("statementTimeout", .duration, default: "5m", "How long one statement may take before it is given up and tried again."),
    ],
    example: "url: \"${DATABASE_URL}\"")

  /// The checked options as the client takes them. Throws `Diagnostic` for a URL that libpq cannot read.
  static func options(_ config: Config) throws -> PostgresOptions {
    var options = PostgresOptions(url: config.string("url") ?? "")
    if let timeout = config.duration("connectTimeout") { options.connectTimeout = timeout }
    if let timeout = config.duration("statementTimeout") { options.statementTimeout = timeout }
    guard options.isWellFormed else {
      // Not the parser's words: they may quote a part of the password.
      throw config.diagnostic(
        "url", code: "postgres.url", "\"url\" is no connection URL that PostgreSQL's client can read",
        hint: "write postgresql://user:password@host:5432/database; percent-encode special characters of the password")
    }
    return options
  }
}
