public import Dataflow
internal import Glibc

/// The sink type `console`: records on standard output as they come, as JSON lines or by a template.
///
/// - Guarantees: none after a crash: what was shown is shown again. Lines of several subtasks never run into each other.
public enum ConsoleSink {
  /// The entry for the catalog.
  public static let type = SinkType(descriptor) { config, _, schema in try plan(config, schema, descriptor: STDOUT_FILENO) }

  /// What the sink is called and which options it takes.
  public static let descriptor = Descriptor(
    type: "console", summary: "Prints records on standard output.",
    fields: [
      ConfigField("format", .choice(["json", "text"]), default: "json", "JSON lines, or lines made from `template`."),
      ConfigField(
        "template", .string, example: "{time} {service}: {message}",
        "For `text`: field names in braces, `{{` for a brace. Without it: all fields."),
      ConfigField("rawJSON", .list(.string), default: "[]", "Fields that hold JSON and are written as JSON rather than as text."),
    ],
    example: "format: text\ntemplate: \"{time} {message}\"")

  /// The same onto another open file.
  package static func plan(_ config: Config, _ schema: Schema, descriptor: Int32) throws -> PlannedSink {
    let raw = try FileSink.rawFields(config, schema)
    if config.string("format") == "text" {
      let template = try TextTemplate(config, schema)
      return PlannedSink(delivery: .live) { ConsoleWriter(Terminal(descriptor)) { template.append($0, $1, to: &$2) } }
    }
    let encoder = JSONRowEncoder(schema, rawJSON: raw)
    return PlannedSink(delivery: .live) { ConsoleWriter(Terminal(descriptor)) { encoder.append($0, $1, to: &$2) } }
  }
}

/// Prints each batch when it comes.
final class ConsoleWriter: Operator {
  private let terminal: Terminal
  private let encode: (RecordBatch, Int, inout [UInt8]) -> Void
  private var lines: [UInt8] = []

  init(_ terminal: Terminal, _ encode: @escaping (RecordBatch, Int, inout [UInt8]) -> Void) {
    self.terminal = terminal
    self.encode = encode
  }

  func process(_ batch: RecordBatch, _ output: Output) throws {
    lines.removeAll(keepingCapacity: true)
    for index in 0..<batch.selectedCount {
      encode(batch, Int(batch.selection[index]), &lines)
      lines.append(0x0A)
    }
    try terminal.write(lines)
    output.absorb(batch.selectedCount)
  }
}
