public import Dataflow

/// Replaces personal data and secrets in text fields by tags such as `<email>`, or by what the job's policies say.
///
/// - Input: any records. A null field stays null.
/// - Output: the same records; each field is a fresh column with the redacted text (the original bytes where nothing was found). The shape
///   and the template of the first one, found in the same pass, stand beside it as `FIELD#shape` and `FIELD#template`, for `fingerprint`;
///   whatever the policies, they are those of the text with tags.
/// - Errors: a text whose personal data cannot be taken out goes to the `errors` output as `redaction-failed`; it is never passed on. With
///   `onFailure: blank` the record stays, and `<unredactable>` takes the place of the text.
/// - Counts: what was taken out, by type. Values are never counted, shown or logged.
/// - State: none that outlives a restart; a cache of up to 65,536 shapes.
/// - Complexity: O(bytes of the field).
public final class RedactPII: Operator {
  /// The entry for the catalog.
  public static let type = OperatorType(
    Descriptor(
      type: "redact-pii",
      summary: "Replaces personal data and secrets in text fields by tags such as <email>.",
      fields: [
        ConfigField("field", .string, default: "message", "The text field to redact."),
        ConfigField("fields", .list(.string), example: "[message, attributes]", "Several fields, in the place of `field`."),
        ConfigField(
          "onFailure", .choice(["refuse", "blank"]), default: "refuse",
          "When personal data cannot be taken out: refuse the record, or put <unredactable> in the place of the text."),
      ] + RedactionOptions.fields,
      example: "field: message")
  ) { config, schema in
    plan(
      try RedactionOptions(config), try TextField.all(config, in: schema), blanks: config.string("onFailure") == "blank", in: schema)
  }

  /// The operator for these fields, of which there is one at least.
  package static func plan(_ options: RedactionOptions, _ inputs: [Field], blanks: Bool, in schema: Schema) -> PlannedOperator {
    let input = inputs[0]
    var output = schema
    let others = inputs.dropFirst().map { (from: $0, to: output.append($0.name, .bytes, isRedacted: true)) }
    let text = output.append(input.name, .bytes, isRedacted: true)
    let shape = output.append(HiddenFields.shape(of: input.name), .bytes)
    let template = output.append(HiddenFields.template(of: input.name), .bytes)
    return PlannedOperator(schema: output) { [output] in
      RedactPII(options, schema: output, from: input, to: text, shape: shape, template: template, others: others, blanks: blanks)
    }
  }

  /// Spans taken out so far, by type. Read by the subtask that owns the operator.
  public var redacted: PIICounts { PIICounts(tallies) }
  /// Words and patterns of the job taken out so far, in the order of `patterns`.
  var matched: [Int]

  /// By type. In memory of its own: a stored array would be checked for exclusive access at every span.
  let tallies = UnsafeMutablePointer<Int>.allocate(capacity: PIIType.allCases.count)
  private let scanner: TextScanner
  let patterns: UserPatterns?
  /// The other fields, and their columns for redacted text.
  let others: [(from: Field, to: Field)]
  /// Redacts the other fields.
  let otherRedactor: TextRedactor?
  let blanks: Bool
  private let cache = ShapeCache()
  private let schema: Schema
  let input: Field
  let text: Field
  private let shape: Field
  private let template: Field

  init(
    _ options: RedactionOptions, schema: Schema, from input: Field, to text: Field, shape: Field, template: Field,
    others: [(from: Field, to: Field)], blanks: Bool
  ) {
    self.scanner = TextScanner(rules: options.rules)
    self.patterns = options.patterns
    self.matched = [Int](repeating: 0, count: options.patterns?.names.count ?? 0)
    self.others = others
    self.otherRedactor = others.isEmpty ? nil : TextRedactor(options)
    self.blanks = blanks
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
    if patterns != nil { markPatterns(batch) }
    let source = patterns == nil ? batch.bytes(input) : batch.bytes(text)
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
        shapes[row] = .null
        templates[row] = .null
        hasFailures = true
        continue
      }
      texts[row] = scanner.isRedacted ? redactedText(in: batch) : view
      let known = cache.find(scanner.shape, for: batch) { scanner.template() }
      shapes[row] = known.id
      templates[row] = known.template
    }
    if otherRedactor != nil, redactOthers(batch) { hasFailures = true }
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

}
