internal import Dataflow

/// The JSON schema of job files, made from the descriptors: editors complete and check with it.
public struct JobSchema: Sendable {
  let catalog: ComponentCatalog

  /// The schema of files that use these components.
  public init(catalog: ComponentCatalog) { self.catalog = catalog }

  /// Draft 7, pretty-printed; the same catalog gives the same bytes.
  public func text() -> String { document().prettyText }

  func document() -> JSONText {
    .object([
      ("$schema", .string("http://json-schema.org/draft-07/schema#")),
      ("title", .string("sloscout job file, \(DocumentFields.version)")),
      ("type", .string("object")),
      (
        "properties",
        .object([
          ("apiVersion", .object([("const", .string(DocumentFields.version))])),
          ("kind", .object([("enum", .strings(DocumentFields.kinds))])),
          ("metadata", object(DocumentFields.metadata)),
          ("spec", .object([("type", .string("object"))])),
          ("status", .object([("description", .string("Written by the server; ignored."))])),
        ])
      ),
      ("required", .strings(["apiVersion", "kind", "metadata", "spec"])),
      ("patternProperties", Self.notes),
      ("additionalProperties", .bool(false)),
      ("allOf", .array([variant("kind", "Job", "spec", job()), variant("kind", "Connection", "spec", connection())])),
      ("definitions", definitions()),
    ])
  }

  private static let notes = JSONText.object([("^x-", JSONText.anything)])

  private func definitions() -> JSONText {
    .object([
      (
        "duration",
        .object([
          ("type", .string("string")), ("pattern", .string(#"^([0-9]+(d|h|m|s|ms|us|ns))+$|\$\{"#)),
          ("description", .string("A duration with units: 5m, 1h30m, 250ms.")),
        ])
      ),
      (
        "bytes",
        .object([
          ("type", .string("string")), ("pattern", .string(#"^[0-9]+(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$|\$\{"#)),
          ("description", .string("A number of bytes with a unit: 64MiB, 10kB.")),
        ])
      ),
      ("variable", .object([("type", .string("string")), ("pattern", .string(#"\$\{"#))])),
    ])
  }

  private func job() -> JSONText {
    object(DocumentFields.job) { field in
      for role in [GraphShape.Role.source, .operator, .sink] where role.section == field.name {
        return .object([("type", .string("object")), ("description", .string(field.summary)), ("additionalProperties", component(role))])
      }
      return nil
    }
  }

  private func connection() -> JSONText {
    typed(DocumentFields.connection, catalog.connections)
  }

  private func component(_ role: GraphShape.Role) -> JSONText {
    typed(DocumentFields.component(role), catalog.descriptors(role), alsoRequired: role == .source ? [] : ["inputs"])
  }

  /// An object with a `type`, whose `config` depends on it.
  private func typed(_ fields: [ConfigField], _ descriptors: [Descriptor], alsoRequired: [String] = []) -> JSONText {
    let base = object(fields, alsoRequired: alsoRequired) { field in
      guard field.name == "type" else { return nil }
      return .object([("enum", .strings(descriptors.map(\.type))), ("description", .string(field.summary))])
    }
    guard case .object(var members) = base else { return base }
    let variants = descriptors.map { descriptor in
      let isNeeded = descriptor.fields.contains { $0.isRequired && $0.defaultValue == nil }
      return variant("type", descriptor.type, "config", object(descriptor.fields, summary: descriptor.summary), require: isNeeded)
    }
    if !variants.isEmpty { members.append(JSONText.Member(name: "allOf", value: .array(variants))) }
    return .object(members)
  }

  /// When `key` is `value`, then `member` is like `schema`.
  private func variant(_ key: String, _ value: String, _ member: String, _ schema: JSONText, require: Bool = false) -> JSONText {
    let condition = JSONText.object([
      ("properties", .object([(key, .object([("const", .string(value))]))])), ("required", .strings([key])),
    ])
    var consequence: [(String, JSONText)] = [("properties", .object([(member, schema)]))]
    if require { consequence.append(("required", .strings([member]))) }
    return .object([("if", condition), ("then", .object(consequence))])
  }

  private func object(
    _ fields: [ConfigField], summary: String? = nil, alsoRequired: [String] = [], custom: (ConfigField) -> JSONText? = { _ in nil }
  ) -> JSONText {
    let properties = fields.map { ($0.name, custom($0) ?? described($0)) }
    let required = fields.filter { $0.isRequired && $0.defaultValue == nil }.map(\.name) + alsoRequired
    var members: [(String, JSONText)] = [("type", .string("object"))]
    if let summary { members.append(("description", .string(summary))) }
    members.append(("properties", .object(properties)))
    if !required.isEmpty { members.append(("required", .strings(required))) }
    members += [("patternProperties", Self.notes), ("additionalProperties", .bool(false))]
    return .object(members)
  }

  private func described(_ field: ConfigField) -> JSONText {
    guard case .object(var members) = schema(field.kind) else { return schema(field.kind) }
    if members.contains(where: { $0.name == "$ref" }) {
      // Draft 7 ignores what stands beside a reference.
      members = [JSONText.Member(name: "allOf", value: .array([.object(members)]))]
    }
    members.append(JSONText.Member(name: "description", value: .string(field.summary)))
    if let text = field.defaultValue, let value = YAMLReader.read(SourceText(name: "default", text: text)).documents.first {
      members.append(JSONText.Member(name: "default", value: Self.json(value)))
    }
    return .object(members)
  }

  private func schema(_ kind: ConfigField.Kind) -> JSONText {
    let variable = JSONText.object([("$ref", .string("#/definitions/variable"))])
    func orVariable(_ members: [(String, JSONText)]) -> JSONText { .object([("anyOf", .array([.object(members), variable]))]) }
    return switch kind {
    case .string: .object([("type", .string("string"))])
    case .bool: orVariable([("type", .string("boolean"))])
    case .integer(let range):
      orVariable([("type", .string("integer")), ("minimum", .int(range.lowerBound)), ("maximum", .int(range.upperBound))])
    case .number: orVariable([("type", .string("number"))])
    case .duration: .object([("$ref", .string("#/definitions/duration"))])
    case .byteCount: .object([("$ref", .string("#/definitions/bytes"))])
    case .choice(let choices): orVariable([("enum", .strings(choices))])
    case .list(let element): .object([("type", .string("array")), ("items", schema(element))])
    case .map(let element): .object([("type", .string("object")), ("additionalProperties", schema(element))])
    case .object(let fields): object(fields)
    case .any: JSONText.anything
    }
  }

  private static func json(_ value: ConfigValue) -> JSONText {
    switch value.content {
    case .null: .null
    case .bool(let flag): .bool(flag)
    case .int(let number): .int(number)
    case .double(let number): .double(number)
    case .string(let text): .string(text)
    case .list(let values): .array(values.map(json))
    case .map(let entries): .object(entries.map { ($0.key, json($0.value)) })
    }
  }
}
