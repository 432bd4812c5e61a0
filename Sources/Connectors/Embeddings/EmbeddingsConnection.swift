public import Dataflow
package import Search

/// The `embeddings` connection of a job file: the model that makes vectors of texts, in this process or at a provider.
public enum EmbeddingsConnection {
  /// What a `Connection` document of type `embeddings` may say.
  public static let descriptor = Descriptor(
    type: "embeddings",
    summary: "A model that makes vectors of texts: in this process, or at a provider over HTTP.",
    fields: [
      ConfigField(
        "provider", .choice(["local", "openai", "tei"]), default: "local",
        "`local`: all-MiniLM-L6-v2 in this process (scripts/model.sh). `openai`: whatever speaks OpenAI's /v1/embeddings. `tei`: text-embeddings-inference."
      ),
      ConfigField("path", .string, default: ".model", "For `local`: the folder of the model."),
      ConfigField("threads", .integer(1...64), default: "1", "For `local`: cores that one batch may use."),
      ConfigField(
        "url", .string, example: "http://localhost:8080/v1/embeddings", secret: true,
        "For the others: the whole address of the call; for `tei` it ends in /embed."),
      ConfigField("token", .string, example: "${EMBEDDINGS_TOKEN}", secret: true, "Sent as a bearer token."),
      ConfigField(
        "model", .string, example: "text-embedding-3-small",
        "For the others: the model's name, under which vectors are kept; `openai` is asked for it."),
      ConfigField("dimensions", .integer(1...16_000), example: "1536", "For the others: how many numbers a vector has."),
      ConfigField("maxTexts", .integer(1...2048), default: "64", "For the others: texts of one call, at most."),
      ConfigField("maxBytes", .byteCount, default: "256KiB", "For the others: bytes of the texts of one call; a larger text goes alone."),
      ConfigField("timeout", .duration, default: "30s", "For the others: how long one call may take."),
      ConfigField(
        "giveUpAfter", .duration, default: "10m",
        "For the others: how long a provider that is away or busy is waited for; then records are errors."),
    ],
    example: "provider: local")

  /// An embedder that was asked for and checked, but not opened.
  package struct Planned: Sendable {
    /// The name that its vectors are kept under.
    package let model: String
    /// Numbers a vector.
    package let dimensions: Int
    /// Opens it; the local one blocks for about a second. Throws `EmbeddingError`.
    package let open: @Sendable (any Runtime) throws -> any Embedder

    /// A plan.
    package init(model: String, dimensions: Int, open: @escaping @Sendable (any Runtime) throws -> any Embedder) {
      (self.model, self.dimensions, self.open) = (model, dimensions, open)
    }
  }

  /// Not before the job starts: a job file is right or wrong whatever this program was built with, and wherever the model is.
  private static func openLocal(_ folder: ModelFolder, _ threads: Int) throws(EmbeddingError) -> any Embedder {
    #if OpenVINO
    return try LocalEmbedder(folder, threads: threads)
    #else
    throw EmbeddingError(
      .unusable, "this program was built without OpenVINO, which provider local needs",
      hint: "build it with: swift build -c release --traits OpenVINO; or name another provider")
    #endif
  }

  /// Reads the options. Throws `Diagnostic`.
  package static func plan(_ config: Config) throws -> Planned {
    guard let dialect = HTTPEmbedderOptions.Dialect(rawValue: config.string("provider") ?? "local") else {
      let folder = ModelFolder(config.string("path") ?? ModelFolder.usual.path)
      let threads = config.int("threads") ?? 1
      return Planned(model: ModelFolder.modelName, dimensions: ModelFolder.dimensions) { _ in try openLocal(folder, threads) }
    }
    func missing(_ option: String, _ example: String) -> Diagnostic {
      config.diagnostic(
        option, code: "embeddings.option", "provider \(dialect.rawValue) needs the key \"\(option)\"", hint: "\(option): \(example)")
    }
    guard let url = config.string("url"), !url.isEmpty else { throw missing("url", "http://localhost:8080/v1/embeddings") }
    guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
      throw config.diagnostic("url", code: "embeddings.option", "\"url\" is no address of HTTP", hint: "it begins with http:// or https://")
    }
    guard let model = config.string("model"), !model.isEmpty else { throw missing("model", "text-embedding-3-small") }
    guard let dimensions = config.int("dimensions") else { throw missing("dimensions", "384") }
    var options = HTTPEmbedderOptions(dialect: dialect, url: url, token: config.string("token"), model: model, dimensions: dimensions)
    if let count = config.int("maxTexts") { options.maxTexts = count }
    if let bytes = config.byteCount("maxBytes") { options.maxBytes = max(1, bytes) }
    if let timeout = config.duration("timeout") { options.timeout = max(1_000_000, timeout) }
    if let patience = config.duration("giveUpAfter") { options.giveUpAfter = patience }
    let planned = options
    return Planned(model: model, dimensions: dimensions) { try HTTPEmbedder(planned, runtime: $0) }
  }
}
