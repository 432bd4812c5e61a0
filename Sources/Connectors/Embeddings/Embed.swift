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
        "Calls under way at once. After a kill those, and what came after the last checkpoint, are asked for again."),
      ConfigField(
        "batch",
        .object([
          ConfigField(
            "count", .integer(1...2048), example: "64", "Texts of one call, at most; as many as the embedder takes unless given."),
          ConfigField("bytes", .byteCount, default: "256KiB", "Bytes of the texts of one call, at most; a larger text goes alone."),
          ConfigField("wait", .duration, default: "50ms", "How long a call waits for more texts, when it has fewer."),
        ]), example: "{ count: 32, wait: 1s }",
        "How texts of several batches are put together into one call: it is made when it is full, or when the first text has waited."),
      ConfigField(
        "repeats", .choice(["pass", "drop"]), default: "pass",
        "Records whose key has left with its vector before: hand them on too, or drop them. With `drop` a source may repeat itself, as `capsules` does."
      ),
      ConfigField(
        "retryAfter", .duration, default: "1h",
        "With `repeats: drop`: how long after a record became an error the next one of its key is tried again; until then they are dropped."
      ),
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
    let options = config.object("batch")
    let batching = EmbedStage.Batching(
      texts: options?.int("count"), bytes: options?.byteCount("bytes") ?? 256 << 10, wait: options?.duration("wait") ?? 50_000_000,
      calls: config.int("inFlight") ?? 4)
    let retryAfter = config.string("repeats") == "drop" ? config.duration("retryAfter") ?? 3_600_000_000_000 : nil
    return PlannedOperator(
      schema: output, keyFields: [key],
      // Tries and pauses are the embedder's: it knows what its provider asks for. Many batches wait together, so that few calls do for them.
      stage: AsyncStagePlan(inFlight: batchesAtOnce, isOrdered: config.bool("ordered") ?? false, maxAttempts: 1) {
        EmbedStage(embedder, layout, batching, retryAfter: retryAfter)
      })
  }

  /// Batches whose texts may wait for a call: they are small where templates are deduplicated, and their rows are bounded besides.
  private static let batchesAtOnce = 256

  private static func field(_ name: String, _ option: String, _ config: Config, _ input: Schema) throws -> Field {
    guard let field = input.field(name), field.type == .bytes else {
      throw config.diagnostic(
        option, code: "embed.unknown-field", "there is no text field \"\(name)\"",
        detail: "the input has \(input.fields.map(\.name).joined(separator: ", "))", hint: "name one of them")
    }
    return field
  }
}
