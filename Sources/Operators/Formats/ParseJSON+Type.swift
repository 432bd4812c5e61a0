public import Dataflow

extension ParseJSON {
  /// The entry of the operator catalog: `parse-json`.
  public static let type = OperatorType(
    Descriptor(
      type: "parse-json",
      summary: "Turns JSON documents into fields.",
      fields: [
        ConfigField("field", .string, default: "line", "The field that holds the document."),
        ConfigField(
          "fields", .map(.any), required: true, example: "{ message: string, user: { path: context.user, type: string } }",
          "The fields to add: a type, or a path with a type. Types: string, int, double, bool, json (the value's text)."),
        ConfigField(
          "keep", .list(.string), example: "[line]", "The input fields to hand on beside the new ones; all of them unless given."),
        ConfigField(
          "onMissing", .choice(["null", "fail"]), default: "null",
          "What a value that the document lacks becomes: null, or an error of the record."),
      ],
      example: """
        field: line
        fields:
          service: string
          timestamp: int
          user: { path: context.user.name, type: string }
          trace: { path: 'trace\\.id', type: string }
        """),
    plan: plan)

  private static func plan(_ config: Config, _ inputs: Schema) throws -> PlannedOperator {
    let name = config.string("field") ?? "line"
    guard let input = inputs.field(name) else {
      throw config.diagnostic(
        "field", code: "config.unknown-field", "input has no field \"\(name)\"",
        detail: "fields: \(inputs.fields.map(\.name).joined(separator: ", "))")
    }
    guard input.type == .bytes else {
      throw config.diagnostic("field", code: "config.wrong-field-type", "field \"\(name)\" is not bytes, so it cannot hold a document")
    }
    let wanted = try (config.map("fields") ?? []).map { entry in try self.wanted(entry.key, entry.value, config) }
    guard !wanted.isEmpty else {
      throw config.diagnostic(
        "fields", code: "config.empty", "\"fields\" names no field", hint: "name at least one, such as message: string")
    }

    var schema = inputs
    var reads: [Field]?
    if let keep = config.strings("keep") {
      schema = inputs.selecting(
        try keep.map { name in
          guard let field = inputs.field(name) else {
            throw config.diagnostic("keep", code: "config.unknown-field", "input has no field \"\(name)\"")
          }
          return (field, name)
        })
    }
    if config.strings("keep") != nil { reads = [input] + schema.fields.filter { $0 != input } }
    let outputs = wanted.map { schema.append($0.name, $0.field.type.columnType) }
    let projection = JSONProjection(wanted.map(\.field))
    let failsOnMissing = config.string("onMissing") == "fail"
    let planned = schema
    return PlannedOperator(schema: planned, reads: reads) {
      ParseJSON(input: input, projection: projection, outputs: outputs, schema: planned, failsOnMissing: failsOnMissing)
    }
  }

  /// An entry of `fields`: `name: type`, or `name: { path: a.b, type: type }`.
  private static func wanted(_ name: String, _ value: Config.Value, _ config: Config) throws -> (name: String, field: JSONField) {
    var path: String?
    var type: String?
    var place: ConfigValue?
    switch value {
    case .string(let text): type = text
    case .object(let object):
      path = object.string("path")
      type = object.string("type")
    case .any(let written):
      place = written
      switch written.content {
      case .string(let text): type = text
      case .map(let entries):
        for entry in entries {
          guard case .string(let text) = entry.value.content, entry.key == "path" || entry.key == "type" else {
            throw diagnostic(
              name, entry.value, config, "config.unknown-key", "field \"\(name)\" takes a path and a type, both text",
              hint: "remove \"\(entry.key)\"")
          }
          if entry.key == "path" { path = text } else { type = text }
        }
      default: break
      }
    default: break
    }
    guard let type, let known = JSONFieldType(rawValue: type) else {
      let types = JSONFieldType.allCases.map(\.rawValue).joined(separator: ", ")
      throw diagnostic(
        name, place, config, "config.unknown-type",
        type.map { "field \"\(name)\" has unknown type \"\($0)\"" } ?? "field \"\(name)\" has no type",
        hint: "one of \(types)")
    }
    guard let keys = path.map(JSONProjection.path) ?? [name] else {
      throw diagnostic(
        name, place, config, "config.invalid-path", "the path of field \"\(name)\" has an empty key or too many",
        hint: "write a.b for key b inside a, and a\\.b for a key with a dot")
    }
    return (name, JSONField(path: keys, type: known))
  }

  private static func diagnostic(
    _ name: String, _ place: ConfigValue?, _ config: Config, _ code: String, _ message: String, hint: String
  ) -> Diagnostic {
    guard let place, place.location != nil else { return config.diagnostic("fields", code: code, message, hint: hint) }
    return Diagnostic(code: code, message, at: place.location, length: place.length, path: place.path, hint: hint)
  }
}
