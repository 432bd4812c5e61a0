public import Dataflow
internal import Postgres

/// The `postgres` sink: rows into a table, exactly once.
///
/// - Input: any schema. Each field becomes a column of the same name unless `columns` says otherwise.
/// - Guarantees: the rows of a checkpoint and the ledger row that says so stand in one transaction. Several sinks of a job each have a ledger
///   row; nothing is promised *between* them.
/// - Refused rows (a constraint, a value too long, JSON that is none) go to `sloscout_refused` in the same transaction and never stop the job.
public enum PostgresSink {
  /// The catalog entry.
  public static let type = SinkType(descriptor) { config, connection, schema in
    guard let connection else {
      throw config.diagnostic(
        "connection", code: "postgres.no-connection", "a postgres sink needs a connection",
        hint: "add a Connection document of type postgres and name it: connection: <name>")
    }
    let plan = try TablePlan(config, schema)
    let options = try PostgresConnection.options(connection)
    return PlannedSink(
      delivery: .exactlyOnce { PostgresCommitter(plan, options) },
      make: { PostgresWriter(plan, schema) })
  }

  static let descriptor = Descriptor(
    type: "postgres",
    summary: "Writes rows into a PostgreSQL table, exactly once, and makes the table if there is none.",
    fields: [
      ConfigField(
        "table", .string, required: true, example: "capsule_shape", "The table, in the first schema of the connection's search path."),
      ConfigField(
        "key", .list(.string), example: "[service, window_start]",
        "Fields that identify a row: a later row with the same key replaces the earlier one. Without a key rows are appended."),
      ConfigField(
        "partitionBy", .string, example: "window_start", "A time field: the table is divided by day, partitions are made on demand."),
      ConfigField(
        "columns",
        .map(
          .object([
            ConfigField("name", .string, "The column's name; the field's own unless given."),
            ConfigField("type", .choice(SQLType.allCases.map(\.rawValue)), "The column's type; chosen by the field's type unless given."),
          ])),
        "The fields to write, in this order, and their columns. Without it: all fields, under their own names."),
      ConfigField(
        "types", .map(.choice(SQLType.allCases.map(\.rawValue))), example: "{ severities: jsonb }",
        "Column types for single fields, where the natural one (bigint, double precision, boolean, timestamptz, text, real[]) will not do."),
      ConfigField(
        "delivery", .choice(["exactly-once"]), default: "exactly-once",
        "Rows appear with the checkpoint that holds them, each exactly once."),
    ],
    example: """
      table: capsule_shape
      key: [service, environment, shape, window_start]
      partitionBy: window_start
      types: { severities: jsonb, samples: jsonb }
      """)
}
