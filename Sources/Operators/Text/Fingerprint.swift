public import Dataflow

/// Adds the shape of a text field: an id that all messages of one kind share, and the template to show for it.
///
/// - Input: any records. A null field gives a null shape and a null template.
/// - Output: the same records with two more fields: the shape as 32 hexadecimal digits, and the template, personal data left out.
///   Behind a `redact-pii` of the same field it only gives names to what that has found already.
/// - Guarantees: the same text has the same shape on every worker and after every restart, whether it was redacted before or not.
/// - State: none that outlives a restart; a cache of up to 65,536 shapes.
/// - Complexity: O(bytes of the field).
public final class Fingerprint: Operator {
  /// The entry for the catalog.
  public static let type = OperatorType(
    Descriptor(
      type: "fingerprint",
      summary: "Adds the shape of a text: an id that all log messages of one kind share, and their template.",
      fields: [
        ConfigField("field", .string, default: "message", "The text field to read."),
        ConfigField("shape", .string, default: "shape", "The field that receives the id, 32 hexadecimal digits."),
        ConfigField("template", .string, default: "template", "The field that receives the template."),
      ],
      example: "field: message")
  ) { config, schema in
    let input = try TextField.find(config, in: schema)
    let shapeName = config.string("shape") ?? "shape"
    let templateName = config.string("template") ?? "template"
    guard shapeName != templateName else {
      throw config.diagnostic("template", code: "operator.duplicate-field", "shape and template need different names")
    }
    if let shape = schema.field(HiddenFields.shape(of: input.name)), let template = schema.field(HiddenFields.template(of: input.name)) {
      return PlannedOperator(schema: naming(shape, shapeName, template, templateName, in: schema)) { PassOn() }
    }
    var output = schema
    let shape = output.append(shapeName, .bytes)
    let template = output.append(templateName, .bytes)
    return PlannedOperator(schema: output) { [output] in Fingerprint(schema: output, from: input, shape: shape, template: template) }
  }

  /// The schema with the hidden fields under their new names, in the places of fields that had those names.
  private static func naming(_ shape: Field, _ shapeName: String, _ template: Field, _ templateName: String, in schema: Schema) -> Schema {
    var selection = schema.fields.filter { field in
      ![shape.name, template.name, shapeName, templateName].contains(field.name)
    }.map { (field: $0, name: $0.name) }
    selection.append((shape, shapeName))
    selection.append((template, templateName))
    return schema.selecting(selection)
  }

  private let scanner = TextScanner()
  private let cache = ShapeCache()
  private let schema: Schema
  private let input: Field
  private let shape: Field
  private let template: Field

  init(schema: Schema, from input: Field, shape: Field, template: Field) {
    self.schema = schema
    self.input = input
    self.shape = shape
    self.template = template
  }

  /// Adds shape and template to the alive rows. Throws what `output` throws.
  public func process(_ batch: RecordBatch, _ output: Output) throws {
    batch.extend(to: schema)
    cache.beginBatch()
    let source = batch.bytes(input)
    let shapes = batch.bytes(shape)
    let templates = batch.bytes(template)
    let scanner = scanner
    var hasFailures = false
    for i in 0..<batch.selectedCount {
      let row = Int(batch.selection[i])
      let view = source[row]
      shapes[row] = .null
      templates[row] = .null
      if view.isNull { continue }
      guard scanner.scan(view.buffer) else {
        hasFailures = true
        continue
      }
      let known = cache.find(scanner.shape, for: batch) { scanner.template() }
      shapes[row] = known.id
      templates[row] = known.template
    }
    if hasFailures {
      try batch.filterSelection { row in
        guard batch.bytes(shape)[row].isNull, !batch.bytes(input)[row].isNull else { return true }
        try output.fail(batch, row: row, reason: "redaction-failed")
        return false
      }
    }
    try output.emit(batch)
  }
}

/// Hands batches on: what it stands for was done by naming fields when the job was planned.
final class PassOn: Operator {
  func process(_ batch: RecordBatch, _ output: Output) throws { try output.emit(batch) }
}
