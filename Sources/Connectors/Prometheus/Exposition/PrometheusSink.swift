public import Dataflow

/// The sink type `prometheus`: running totals where a Prometheus finds them.
///
/// - Input: a row for each sample: `name`, `labels` (a JSON object of texts) and `value`; `family`, `type` and `help` where there are such fields.
/// - Guarantees: shown is what a complete checkpoint holds, the newest value of each series. So a counter never runs backwards, whatever dies: a reset that is none would
///   double what `rate` says. After a restart a series is there again when the job has emitted it again.
public enum PrometheusSink {
  /// The entry for the catalog.
  public static let type = SinkType(descriptor) { config, _, schema in try plan(config, schema) }

  /// What the sink is called and which options it takes.
  public static let descriptor = Descriptor(
    type: "prometheus",
    summary:
      "Shows the newest value of each series under /metrics, where `run --listen` answers; values appear with the checkpoint that holds them.",
    fields: [
      ConfigField("name", .string, default: "name", "The text field with the sample's name."),
      ConfigField("labels", .string, default: "labels", "The text field with its labels, as a JSON object of texts."),
      ConfigField("value", .string, default: "value", "The field with its value, a number."),
    ],
    example: "name: name")

  private static func plan(_ config: Config, _ schema: Schema) throws -> PlannedSink {
    let layout = ExpositionLayout(
      name: try field("name", .bytes, config, schema), labels: try field("labels", .bytes, config, schema),
      value: try field("value", .double, config, schema), family: optional("family", schema), type: optional("type", schema),
      help: optional("help", schema))
    return PlannedSink(delivery: .exactlyOnce { PrometheusCommitter() }) { PrometheusWriter(layout) }
  }

  private static func field(_ option: String, _ type: ColumnType, _ config: Config, _ schema: Schema) throws -> Field {
    let name = config.string(option) ?? option
    guard let field = schema.field(name), field.type == type else {
      throw config.diagnostic(
        option, code: "prometheus.field", "the records have no field \"\(name)\" that holds \(type == .double ? "a number" : "text")",
        hint: "they have: \(schema.fields.map(\.name).joined(separator: ", "))")
    }
    return field
  }

  private static func optional(_ name: String, _ schema: Schema) -> Field? { schema.field(name).flatMap { $0.type == .bytes ? $0 : nil } }
}

/// Which fields of a row say what about a sample.
struct ExpositionLayout: Sendable {
  var name: Field
  var labels: Field
  var value: Field
  var family: Field?
  var type: Field?
  var help: Field?
}

/// Encodes samples into the stage.
final class PrometheusWriter: SinkWriter {
  private let layout: ExpositionLayout
  private let text = OTLPText()
  private var stage: [UInt8] = []
  private var rows = 0
  private var labels: [UInt8] = []
  private var scratch: [UInt8] = []

  init(_ layout: ExpositionLayout) { self.layout = layout }

  func process(_ batch: RecordBatch, _ output: Output) throws {
    var taken = 0
    for index in 0..<batch.selectedCount {
      let row = Int(batch.selection[index])
      let name = batch.bytes(layout.name)[row]
      guard Self.isName(name), !batch.isNull(layout.value, row), write(batch.bytes(layout.labels)[row]) else {
        try output.fail(
          batch, row: row, reason: "wrong-type",
          detail: "a sample has a name of letters, digits and _, labels that are a JSON object of texts, and a value")
        continue
      }
      stage.append(counted: layout.family.map { batch.bytes($0)[row].isNull ? name.buffer : batch.bytes($0)[row].buffer } ?? name.buffer)
      stage.append(counted: layout.type.map { batch.bytes($0)[row].buffer } ?? ByteView.null.buffer)
      stage.append(counted: layout.help.map { batch.bytes($0)[row].buffer } ?? ByteView.null.buffer)
      stage.append(counted: name.buffer)
      stage.append(counted: labels)
      stage.append(integer: batch.doubles(layout.value)[row].bitPattern)
      taken += 1
    }
    rows += taken
    output.absorb(taken)
  }

  /// Writes labels as the text format has them. False when they are none.
  private func write(_ object: ByteView) -> Bool {
    labels.removeAll(keepingCapacity: true)
    if object.isNull { return true }
    guard text.load(object.buffer) == nil, var index = text.object(text.root) else { return false }
    while let member = text.next(&index) {
      guard Self.isName(ByteView(base: member.key.baseAddress, count: member.key.count)), let content = text.content(member.value) else {
        return false
      }
      labels.append(labels.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
      labels.append(contentsOf: member.key)
      labels.append(contentsOf: "=\"".utf8)
      scratch = [UInt8](unsafeUninitializedCapacity: content.bytes.count) { buffer, count in
        count = buffer.baseAddress.map { text.unescape(content.bytes, into: $0) } ?? 0
      }
      for byte in scratch {
        switch byte {
        case UInt8(ascii: "\\"), UInt8(ascii: "\""): labels += [UInt8(ascii: "\\"), byte]
        case UInt8(ascii: "\n"): labels += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
        default: labels.append(byte)
        }
      }
      labels.append(UInt8(ascii: "\""))
      index = text.end(of: member.value)
    }
    if !labels.isEmpty { labels.append(UInt8(ascii: "}")) }
    return true
  }

  private static func isName(_ name: ByteView) -> Bool {
    guard let first = name.buffer.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return false }
    return name.buffer.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ":")
    }
  }

  func takeStage() -> (bytes: [UInt8], rows: Int) {
    defer {
      stage = []
      rows = 0
    }
    return (stage, rows)
  }
}
