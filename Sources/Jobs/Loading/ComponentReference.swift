internal import Dataflow

/// The reference of all components as Markdown, made from the descriptors: what a job file may say, with types, defaults and examples.
public struct ComponentReference: Sendable {
  private let catalog: ComponentCatalog

  /// The reference of this catalog.
  public init(catalog: ComponentCatalog) { self.catalog = catalog }

  /// The same catalog gives the same bytes.
  public func text() -> String {
    var lines = [
      "# Components",
      "",
      "What can stand under `type:` in a job file. Made by `sloscout schema --markdown` from the descriptors of the components; do not edit.",
      "The options of documents and jobs themselves are in [jobs.schema.json](jobs.schema.json), and the words of mistakes in",
      "[diagnostics.md](diagnostics.md).",
      "",
    ]
    let parts: [(title: String, descriptors: [Descriptor])] =
      [GraphShape.Role.source, .operator, .sink].map { ("\($0)".prefix(1).uppercased() + "\($0)s".dropFirst(), catalog.descriptors($0)) }
      + [("Connections", catalog.connections)]
    for part in parts {
      let links = part.descriptors.map { "[`\($0.type)`](#\(Self.anchor(part.title, $0)))" }
      lines.append("- **\(part.title)**: \(links.joined(separator: ", "))")
    }
    for part in parts {
      lines += ["", "## \(part.title)"]
      for descriptor in part.descriptors { section(descriptor, part.title, &lines) }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func section(_ descriptor: Descriptor, _ title: String, _ lines: inout [String]) {
    // The same type may be a source and a sink: the title keeps their anchors apart.
    lines += ["", "### \(title.dropLast().lowercased()) `\(descriptor.type)`", "", descriptor.summary]
    if let connections = catalog.connectionTypes[descriptor.type], title != "Connections" {
      lines += ["", "Needs a `connection` of type \(connections.map { "`\($0)`" }.joined(separator: " or "))."]
    }
    if descriptor.fields.isEmpty {
      lines += ["", "It has no options."]
    } else {
      lines += ["", "| option | type | default | what it does |", "|---|---|---|---|"]
      rows(descriptor.fields, under: "", &lines)
    }
    if !descriptor.example.isEmpty {
      lines += ["", "```yaml", "type: \(descriptor.type)", "config:"]
      lines += descriptor.example.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : "  \($0)" }
      lines.append("```")
    }
  }

  private func rows(_ fields: [ConfigField], under path: String, _ lines: inout [String]) {
    for field in fields {
      var words = field.summary
      if let example = field.example { words += " Example: `\(example)`." }
      if field.isSecret { words += " A secret: never shown." }
      let value = field.defaultValue.map { "`\($0)`" } ?? (field.isRequired ? "required" : "")
      lines.append("| \(path)`\(field.name)` | \(Self.name(field.kind)) | \(Self.cell(value)) | \(Self.cell(words)) |")
      if let inner = Self.fields(field.kind) { rows(inner, under: "\(path)`\(field.name)`.", &lines) }
    }
  }

  private static func name(_ kind: ConfigField.Kind) -> String {
    switch kind {
    case .string: "text"
    case .bool: "true or false"
    case .integer(let range):
      range.upperBound == .max ? "integer from \(range.lowerBound)" : "integer \(range.lowerBound) to \(range.upperBound)"
    case .number: "number"
    case .duration: "duration (`5m`)"
    case .byteCount: "bytes (`64MiB`)"
    case .choice(let choices): choices.map { "`\($0)`" }.joined(separator: ", ")
    case .list(let element): "list of \(name(element))"
    case .map(let element): "map from names to \(name(element))"
    case .object: "object"
    case .any: "varies"
    }
  }

  private static func fields(_ kind: ConfigField.Kind) -> [ConfigField]? {
    switch kind {
    case .object(let fields): fields
    case .list(let element), .map(let element): fields(element)
    default: nil
    }
  }

  /// A bar would end the cell.
  private static func cell(_ text: String) -> String {
    text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
  }

  private static func anchor(_ title: String, _ descriptor: Descriptor) -> String { "\(title.dropLast().lowercased())-\(descriptor.type)" }
}
