public import Dataflow

/// `embed`: a vector for the text of each record, each text embedded once.
public enum Embed {
  /// The catalog entry `embed`.
  public static let type = OperatorType(descriptor, plan: plan)

  static let descriptor = Descriptor(
    type: "embed",
    summary: "Adds a vector that stands for the meaning of a text; what was embedded before is remembered and never asked for again.",
    fields: [
      ConfigField(
        "field", .string, default: "template",
        "The text. It must come from `redact-pii`: texts that may hold personal data are not handed to a model."),
      ConfigField(
        "key", .string, example: "shape",
        "The field that says which texts are the same; the text itself unless given. A vector is remembered by it, for ever."),
      ConfigField("into", .string, default: "embedding", "The field for the vector; the model's name stands beside it, in `<into>_model`."),
      ConfigField(
        "inFlight", .integer(1...64), default: "4",
        "Batches under way at once. After a kill those, and what came after the last checkpoint, are asked for again."),
      ConfigField("ordered", .bool, default: "false", "Whether records leave in the order in which they came."),
    ],
    example: "field: template\nkey: shape")

  private static func plan(_ config: Config, _ input: Schema) throws -> PlannedOperator {
    guard let connection = config.object("connection") else {
      throw config.diagnostic(
        "connection", code: "embed.no-connection", "embed needs a connection",
        hint: "add a Connection document of type embeddings and name it: connection: <name>")
    }
    return try plan(try EmbeddingsConnection.plan(connection), config, input)
  }

  /// The operator for an embedder. Throws `Diagnostic` for fields that are not there, hold no text, or may hold personal data.
  package static func plan(_ embedder: EmbeddingsConnection.Planned, _ config: Config, _ input: Schema) throws -> PlannedOperator {
    let text = try field(config.string("field") ?? "template", "field", config, input)
    guard text.isRedacted else {
      throw config.diagnostic(
        "field", code: "embed.not-redacted", "field \"\(text.name)\" may hold personal data: it does not come from redact-pii",
        hint: "put an operator before this one: type: redact-pii, config: { field: \(text.name) }")
    }
    let key = try config.string("key").map { try field($0, "key", config, input) } ?? text
    let into = config.string("into") ?? "embedding"
    var output = input
    let vector = output.append(into, .vector(embedder.dimensions))
    let model = output.append("\(into)_model", .bytes)
    let layout = EmbedStage.Layout(schema: output, text: text, key: key, vector: vector, model: model)
    return PlannedOperator(
      schema: output, keyFields: [key],
      // Tries and pauses are the embedder's: it knows what its provider asks for.
      stage: AsyncStagePlan(inFlight: config.int("inFlight") ?? 4, isOrdered: config.bool("ordered") ?? false, maxAttempts: 1) {
        EmbedStage(embedder, layout)
      })
  }

  private static func field(_ name: String, _ option: String, _ config: Config, _ input: Schema) throws -> Field {
    guard let field = input.field(name), field.type == .bytes else {
      throw config.diagnostic(
        option, code: "embed.unknown-field", "there is no text field \"\(name)\"",
        detail: "the input has \(input.fields.map(\.name).joined(separator: ", "))", hint: "name one of them")
    }
    return field
  }
}
