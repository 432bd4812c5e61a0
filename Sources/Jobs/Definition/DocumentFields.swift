internal import Dataflow

/// The options of the documents themselves, written as those of components are: checks, defaults, schema and `explain` come from here.
enum DocumentFields {
  static let version = "sloscout/v1"
  static let kinds = ["Job", "Connection"]

  static let metadata = [
    ConfigField("name", .string, required: true, example: "fingerprint", "The name: a-z, 0-9 and -, at most 63."),
    ConfigField("labels", .map(.string), "Words to find the document by."),
  ]

  static let connection = [
    ConfigField("type", .string, required: true, example: "postgres", "The kind of system."),
    ConfigField("config", .any, "The options of that kind."),
  ]

  static let time = [
    ConfigField("field", .string, example: "timestamp", "The field that holds the time; left out when the source sets it."),
    ConfigField(
      "unit", .choice(["ns", "us", "ms", "s", "rfc3339"]), "How the field's number or text is read; left out where the column says it."),
    ConfigField("maxOutOfOrder", .duration, default: "0s", "How much older than the newest a record may be before it counts as late."),
    ConfigField(
      "idleAfter", .duration,
      "A split without records for this long no longer holds the time back; left out: it always does. A file that is read once never counts as idle: it holds the time back until it has been read."
    ),
  ]

  static let checkpoint = [
    ConfigField("interval", .duration, default: "5s", "Between the starts of two checkpoints."),
    ConfigField("timeout", .duration, default: "10m", "A checkpoint that takes longer is given up."),
    ConfigField("retain", .integer(1...1_000), default: "3", "How many complete checkpoints are kept."),
    ConfigField(
      "store", .string, default: ".sloscout", example: "s3://bucket/prefix", "Where they are kept: a folder, or a part of a bucket."),
    ConfigField("connection", .string, "The Connection of type s3 to the bucket of `store`; left out: the variables of Amazon's tools."),
    ConfigField("secondCopy", .string, "A second folder or bucket that gets a copy of everything."),
    ConfigField("secondCopyConnection", .string, "The Connection of type s3 to the bucket of `secondCopy`."),
  ]

  static let restart = [
    ConfigField("initialDelay", .duration, default: "1s", "Before the first attempt; it doubles with each."),
    ConfigField("maxDelay", .duration, default: "2m", "The longest pause between attempts."),
    ConfigField(
      "maxAttempts", .integer(0...1_000_000), default: "10", "Attempts in a row without a complete checkpoint between them; 0 is never."),
  ]

  static let exchange = [
    ConfigField(
      "connection", .string, required: true, example: "telemetry-kafka",
      "The Connection, of type kafka or local, whose topics carry records."),
    ConfigField(
      "partitions", .integer(1...720), default: "24", "Shards of every stage behind a key: at most so many workers share its work."),
    ConfigField("readers", .integer(1...720), "Shards that read the sources; as many as partitions when left out."),
    ConfigField(
      "delivery", .choice(["numbered", "transactions"]), default: "numbered",
      "How rows cross exactly once: readers leave out what came before, or, besides, each checkpoint is one transaction."),
  ]

  static func component(_ role: GraphShape.Role) -> [ConfigField] {
    var fields = [ConfigField("type", .string, required: true, example: "file", "What it is: a type of the catalog.")]
    if role != .source {
      fields.append(
        ConfigField(
          "inputs", .list(.string), example: "[lines]", "The ids it reads from; `id.errors` and `id.late` are second outputs."))
    }
    fields.append(ConfigField("connection", .string, "The Connection it uses."))
    if role != .sink {
      fields.append(
        ConfigField("onError", .choice(["fail", "drop", "route"]), default: "fail", "What happens to a record that cannot be processed."))
      fields.append(ConfigField("time", .object(time), "Where the event time of its records is."))
    } else {
      fields.append(
        ConfigField("delivery", .choice(["live"]), "Accepts, under exactly-once, that rows leave at once and some twice after a crash."))
    }
    fields.append(ConfigField("config", .any, "The options of its type."))
    return fields
  }

  static let test = [
    ConfigField("name", .string, required: true, example: "late records are counted", "What the test claims."),
    ConfigField("from", .string, "The source that the records stand in for; may be left out when there is one."),
    ConfigField("given", .list(.any), required: true, "Records, and `watermark: time` between them."),
    ConfigField("expect", .map(.list(.any)), required: true, "For each output, the records it gives."),
  ]

  static let job = [
    ConfigField("description", .string, default: "\"\"", "What the job is for."),
    ConfigField("state", .choice(["running", "suspended"]), default: "running", "Whether it should run."),
    ConfigField("parallelism", .integer(1...720), default: "1", "How many subtasks each step has."),
    ConfigField(
      "guarantee", .choice(["exactly-once", "at-least-once", "none"]), default: "exactly-once", "What a crash may do to results."),
    ConfigField("checkpoint", .object(checkpoint), default: "{}", "When state is saved, and where."),
    ConfigField("restart", .object(restart), default: "{}", "How a failed job starts again."),
    ConfigField("upgrade", .choice(["checkpoint", "fresh"]), default: "checkpoint", "What a changed job starts from."),
    ConfigField("exchange", .object(exchange), "What carries records between workers; in one process it is not used."),
    ConfigField("sources", .map(.object(component(.source))), "Where records come from."),
    ConfigField("operators", .map(.object(component(.operator))), "What is done with them."),
    ConfigField("sinks", .map(.object(component(.sink))), "Where results go."),
    ConfigField("tests", .list(.object(test)), "What the job must make of a few records; run by `sloscout test`."),
  ]
}
