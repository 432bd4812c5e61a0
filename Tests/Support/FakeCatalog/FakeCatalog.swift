internal import Dataflow
public import Jobs

/// Component types that can be planned but not run: what loader and planner are tested with, whatever the real catalog holds.
public enum FakeCatalog {
  /// A catalog that covers the examples of the design page and every way a component can differ.
  public static let catalog = ComponentCatalog(
    sources: sources, operators: operators, sinks: sinks, connections: connections,
    connectionTypes: ["kafka": ["kafka"], "postgres": ["postgres"], "pgvector": ["postgres"], "embed": ["http"]])

  static let telemetry = Schema([
    ("event_id", .bytes), ("service", .bytes), ("service_name", .bytes), ("environment", .bytes), ("severity", .bytes), ("message", .bytes),
    ("timestamp", .time), ("count", .int64), ("text_time", .bytes), ("score", .double),
  ])
  static let capsules = Schema([
    ("capsule_id", .bytes), ("service_name", .bytes), ("environment", .bytes), ("severity", .bytes), ("time_bucket", .time),
    ("template", .bytes),
  ])

  static let format = ConfigField(
    "format",
    .object([
      ConfigField("type", .choice(["json", "lines", "avro", "error-envelope"]), required: true, "How bytes become records."),
      ConfigField("schema", .string, "The file that holds the schema."),
    ]), "How records are written.")
}

/// What a fake component says when somebody tries to run it.
public struct CannotRun: Error {
  /// The one error there is.
  public init() {}
}
