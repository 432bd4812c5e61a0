public import Dataflow

/// Replaces personal data and secrets in a text field by tags such as `<email>`.
///
/// - Input: any records. A null field stays null.
/// - Output: the same records; the field is a fresh column with the redacted text (the original bytes where nothing was found). The shape
///   and the template of the text, found in the same pass, stand beside it as `FIELD#shape` and `FIELD#template`, for `fingerprint`.
/// - Errors: a text whose personal data cannot be taken out goes to the `errors` output as `redaction-failed`; it is never passed on.
/// - State: none that outlives a restart; a cache of up to 65,536 shapes.
/// - Complexity: O(bytes of the field).
public final class RedactPII: Operator {
  /// The entry for the catalog.
  public static let type = OperatorType(
    Descriptor(
      type: "redact-pii",
      summary: "Replaces personal data and secrets in a text field by tags such as <email>.",
      fields: [
        ConfigField("field", .string, default: "message", "The text field to redact."),
        ConfigField(
          "types", .list(.choice(PIIType.allCases.map(\.name))), example: "[email, credit-card]", "What to redact; everything when absent."),
      ],
      example: "field: message")
  ) { config, schema in
    let input = try TextField.find(config, in: schema)
    var types = PIITypes.all
    if let names = config.strings("types") { types = PIITypes(names.compactMap(PIIType.init(name:))) }
    var output = schema
    let text = output.append(input.name, .bytes)
    let shape = output.append(HiddenFields.shape(of: input.name), .bytes)
    let template = output.append(HiddenFields.template(of: input.name), .bytes)
    return PlannedOperator(schema: output) { [types, output] in
      RedactPII(types, schema: output, from: input, to: text, shape: shape, template: template)
    }
  }

  /// Spans taken out so far, by type. Read by the subtask that owns the operator.
  public var redacted: PIICounts { PIICounts(tallies) }

  /// By type. In memory of its own: a stored array would be checked for exclusive access at every span.
  private let tallies = UnsafeMutablePointer<Int>.allocate(capacity: PIIType.allCases.count)
  private let scanner: TextScanner
  private let cache = ShapeCache()
  private let schema: Schema
  private let input: Field
  private let text: Field
  private let shape: Field
  private let template: Field

  init(_ types: PIITypes, schema: Schema, from input: Field, to text: Field, shape: Field, template: Field) {
    self.scanner = TextScanner(types: types)
    self.schema = schema
    self.input = input
    self.text = text
    self.shape = shape
    self.template = template
    tallies.initialize(repeating: 0, count: PIIType.allCases.count)
  }

  deinit { tallies.deallocate() }

  /// Redacts the field of the alive rows. Throws what `output` throws.
  public func process(_ batch: RecordBatch, _ output: Output) throws {
    batch.extend(to: schema)
    cache.beginBatch()
    let source = batch.bytes(input)
    let texts = batch.bytes(text)
    let shapes = batch.bytes(shape)
    let templates = batch.bytes(template)
    let scanner = scanner
    let cache = cache
    var hasFailures = false
    for i in 0..<batch.selectedCount {
      let row = Int(batch.selection[i])
      let view = source[row]
      if view.isNull {
        texts[row] = .null
        shapes[row] = .null
        templates[row] = .null
        continue
      }
      guard scanner.scan(view.buffer) else {
        texts[row] = .null
        hasFailures = true
        continue
      }
      texts[row] = scanner.isRedacted ? redactedText(in: batch) : view
      let known = cache.find(scanner.shape, for: batch) { scanner.template() }
      shapes[row] = known.id
      templates[row] = known.template
    }
    if hasFailures { try dropFailures(batch, output) }
    try output.emit(batch)
  }

  private func redactedText(in batch: RecordBatch) -> ByteView {
    for span in scanner.spans { tallies[Int(span.type.rawValue)] += 1 }
    let count = scanner.redactedCount
    let target = batch.allocate(count)
    scanner.writeRedacted(to: target)
    return ByteView(base: target, count: count)
  }

  /// Rows that had a text and have none now were refused.
  private func dropFailures(_ batch: RecordBatch, _ output: Output) throws {
    try batch.filterSelection { row in
      guard batch.bytes(text)[row].isNull, !batch.bytes(input)[row].isNull else { return true }
      try output.fail(batch, row: row, reason: "redaction-failed")
      return false
    }
  }
}
