public import Dataflow

/// `refine`: what the shapes of each service's messages are called in the end.
public enum RefineTemplates {
  /// The entry for the catalog.
  public static let type = OperatorType(
    Descriptor(
      type: "refine",
      summary: "Finds the final templates of each service's messages, and says which fingerprint each shape has whenever that changes.",
      fields: [
        ConfigField("service", .string, default: "service", "The text field that says whose message it is. Null is a service of its own."),
        ConfigField("shape", .string, default: "shape", "The field with the shape, as `fingerprint` writes it."),
        ConfigField("template", .string, default: "template", "The field with the shape's template, as `fingerprint` writes it."),
        ConfigField(
          "limit", .integer(1...65_536), default: "\(ShapeMap.defaultLimit)",
          "How many kinds of messages are kept of a service. Messages beyond get the template that covers them, or that of their coarse key."
        ),
      ],
      example: "service: service")
  ) { config, input in
    let service = try field("service", config, input)
    let shape = try field("shape", config, input)
    let template = try field("template", config, input)
    let limit = config.int("limit") ?? ShapeMap.defaultLimit
    let output = Schema([("service", .bytes), ("shape", .bytes), ("fingerprint", .bytes), ("template", .bytes), ("revision", .int64)])
    return PlannedOperator(schema: output, keyFields: [service], reads: [service, shape, template], makesBatches: true) {
      RefineTemplatesOperator(schema: output, service: service, shape: shape, template: template, limit: limit)
    }
  }

  private static func field(_ option: String, _ config: Config, _ schema: Schema) throws -> Field {
    let name = config.string(option) ?? option
    guard let field = schema.field(name) else {
      throw config.diagnostic(
        option, code: "operator.unknown-field", "there is no field \"\(name)\" here",
        hint: "the records have: \(schema.fields.map(\.name).filter { !$0.contains("#") }.joined(separator: ", "))")
    }
    guard field.type == .bytes else {
      throw config.diagnostic(option, code: "operator.wrong-type", "field \"\(name)\" is not text", hint: "name a field that holds text")
    }
    return field
  }
}
