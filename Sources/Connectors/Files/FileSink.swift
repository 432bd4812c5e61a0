public import Dataflow

/// The sink type `file`: a folder of JSON lines, one file an epoch, each row exactly once.
///
/// - Input: any schema; see `JSONRowEncoder` for how values are written.
/// - Guarantees: `part-<epoch>.jsonl` appears whole or not at all, and is never changed once the ledger names its epoch.
///   Epochs without rows leave no file.
public enum FileSink {
  /// The entry for the catalog.
  public static let type = SinkType(descriptor) { config, _, schema in try plan(config, schema) }

  /// What the sink is called and which options it takes.
  public static let descriptor = Descriptor(
    type: "file", summary: "Writes records as JSON lines into a folder, each exactly once.",
    fields: [
      ConfigField("path", .string, required: true, example: "out/capsules", "The folder; it is made if it is missing."),
      ConfigField("rawJSON", .list(.string), default: "[]", "Fields that hold JSON and are written as JSON rather than as text."),
    ],
    example: "path: out/capsules")

  private static func plan(_ config: Config, _ schema: Schema) throws -> PlannedSink {
    guard let path = config.string("path"), !path.isEmpty else {
      throw config.diagnostic("path", code: "file.path", "path must name a folder", hint: "path: out/capsules")
    }
    let encoder = JSONRowEncoder(schema, rawJSON: try rawFields(config, schema))
    return PlannedSink(delivery: .exactlyOnce { FileSinkCommitter(path: path) }) { FileSinkWriter(encoder) }
  }

  /// The fields that `rawJSON` names.
  ///
  /// - Throws: `Diagnostic` for a field that is not there or does not hold bytes.
  static func rawFields(_ config: Config, _ schema: Schema) throws -> Set<String> {
    let names = config.strings("rawJSON") ?? []
    for name in names {
      guard let field = schema.field(name) else {
        throw config.diagnostic(
          "rawJSON", code: "file.unknown-field", "the records have no field \"\(name)\"",
          hint: "they have: \(schema.fields.map(\.name).joined(separator: ", "))")
      }
      guard field.type == .bytes else {
        throw config.diagnostic("rawJSON", code: "file.field-type", "the field \"\(name)\" holds no text", hint: "leave it out of rawJSON")
      }
    }
    return Set(names)
  }
}

/// Encodes records as JSON lines into the stage.
final class FileSinkWriter: SinkWriter {
  private let encoder: JSONRowEncoder
  private var stage: [UInt8] = []
  private var rows = 0

  init(_ encoder: JSONRowEncoder) { self.encoder = encoder }

  func process(_ batch: RecordBatch, _ output: Output) {
    for index in 0..<batch.selectedCount {
      encoder.append(batch, Int(batch.selection[index]), to: &stage)
      stage.append(0x0A)
    }
    rows += batch.selectedCount
    output.absorb(batch.selectedCount)
  }

  func takeStage() -> (bytes: [UInt8], rows: Int) {
    defer {
      stage = []
      rows = 0
    }
    return (stage, rows)
  }
}
