internal import Dataflow

/// The format `avro` of topics: its options, and how they become a decoder or an encoder.
enum AvroFormat {
  static let name = "avro"

  /// The options that source and sink share.
  static let options = [
    ConfigField("schema", .string, example: "schemas/TelemetryEvent.avsc", "For `avro`: the file of the schema, whose top is a record."),
    ConfigField(
      "framing", .choice(["single-object", "none"]), default: "single-object",
      "For `avro`: whether a value begins with the fingerprint of its schema (Avro's single-object encoding) or is the bare record."),
  ]

  /// The options of a source only.
  static let sourceOptions = [
    ConfigField(
      "writerSchemas", .list(.string), default: "[]", example: "[schemas/old/TelemetryEvent-1.avsc]",
      "For `avro`: older and newer schemas that records may have been written with. Without framing: the one they were.")
  ]

  /// The options of a sink only.
  static let sinkOptions = [
    ConfigField(
      "eventTime", .string, example: "timestamp",
      "For `avro`: the schema's field that takes the record's event time, where no column of that name is a time.")
  ]

  /// A fingerprint as it is shown.
  static func hex(_ fingerprint: UInt64) -> String {
    let digits = String(fingerprint, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }

  #if Avro
  /// The operator that decodes. Throws `Diagnostic`.
  static func decoder(_ format: Config) throws -> PlannedOperator {
    let reader = try schema(format)
    let others = try (format.strings("writerSchemas") ?? []).map { try load($0, "writerSchemas", format) }
    let isFramed = isFramed(format)
    guard isFramed || others.count <= 1 else {
      throw format.diagnostic(
        "writerSchemas", code: "avro.incompatible", "without framing there can be one schema that the records were written with",
        hint: "name one, or use framing: single-object")
    }
    do {
      // Bare records do not say what wrote them.
      return try DecodeAvro.planned(reader, writers: isFramed ? [reader] + others : [others.first ?? reader], isFramed: isFramed)
    } catch let problem as AvroSchemaProblem {
      throw format.diagnostic(
        "writerSchemas", code: "avro.incompatible", "a schema cannot be read as \(reader.name): \(problem)",
        hint: "give new fields a default, and keep the types of old ones")
    }
  }

  /// What makes a sink's writer. Throws `Diagnostic`.
  static func writer(_ format: Config, _ columns: Schema, _ layout: TopicSinkLayout) throws -> @Sendable () throws -> any Operator {
    let schema = try schema(format)
    let isFramed = isFramed(format)
    let eventTime = format.string("eventTime")
    do { _ = try AvroEncoder(schema, columns, framed: isFramed, eventTime: eventTime) } catch let problem as AvroSchemaProblem {
      throw format.diagnostic(
        "schema", code: "avro.incompatible", "the records do not fit the schema \(schema.name): \(problem)",
        hint: "they have: \(columns.fields.map(\.name).joined(separator: ", "))")
    }
    return { TopicSinkWriter(layout, try AvroEncoder(schema, columns, framed: isFramed, eventTime: eventTime)) }
  }

  private static func isFramed(_ format: Config) -> Bool { format.string("framing") != "none" }

  private static func schema(_ format: Config) throws -> AvroSchema {
    guard let path = format.string("schema"), !path.isEmpty else {
      throw format.diagnostic("schema", code: "avro.schema", "the format avro needs a schema", hint: "schema: schemas/TelemetryEvent.avsc")
    }
    return try load(path, "schema", format)
  }

  private static func load(_ path: String, _ option: String, _ format: Config) throws -> AvroSchema {
    do {
      return try AvroSchema(PosixFileSystem().read(path))
    } catch let error as FileError {
      throw format.diagnostic(
        option, code: "avro.schema", "the schema cannot be read: \(error)", hint: "paths begin in the working directory")
    } catch {
      throw format.diagnostic(option, code: "avro.schema", "\(path) is no schema of records: \(error)", hint: "see schemas/ for examples")
    }
  }
  #else
  static func decoder(_ format: Config) throws -> PlannedOperator { throw absent(format) }

  static func writer(_ format: Config, _ columns: Schema, _ layout: TopicSinkLayout) throws -> @Sendable () throws -> any Operator {
    throw absent(format)
  }

  private static func absent(_ format: Config) -> Diagnostic {
    format.diagnostic(
      "type", code: "avro.absent", "this program was built without Avro", hint: "build it with: swift build -c release --traits Avro")
  }
  #endif
}
