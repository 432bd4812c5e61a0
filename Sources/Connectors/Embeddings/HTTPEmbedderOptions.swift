/// Which provider is asked for vectors, and how long for.
package struct HTTPEmbedderOptions: Sendable {
  /// What the provider understands.
  package enum Dialect: String, Sendable, CaseIterable {
    /// `POST {input, model}` as OpenAI's `/v1/embeddings` takes it, and as many others do.
    case openAI = "openai"
    /// `POST {inputs}` as Hugging Face's text-embeddings-inference takes it at `/embed`.
    case textEmbeddingsInference = "tei"
  }

  /// What the provider understands.
  package var dialect: Dialect
  /// The whole address of the call. May hold credentials: never printed.
  package var url: String
  /// Sent as `Authorization: Bearer …`; never printed.
  package var token: String?
  /// The model's name: sent to OpenAI's kind of provider, and what vectors are kept under.
  package var model: String
  /// Numbers a vector; another count is an error.
  package var dimensions: Int
  /// Texts of one call.
  package var maxTexts = 64
  /// Bytes of the texts of one call; a single text may have more.
  package var maxBytes = 256 << 10
  /// Nanoseconds for one call.
  package var timeout: Int64 = 30_000_000_000
  /// Nanoseconds until a batch is given up while the provider is away or busy.
  package var giveUpAfter: Int64 = 600_000_000_000
  /// Nanoseconds of the longest pause between two tries, unless the provider asks for more.
  package var maxPause: Int64 = 30_000_000_000

  /// Options with a limit on every wait.
  package init(dialect: Dialect, url: String, token: String? = nil, model: String, dimensions: Int) {
    (self.dialect, self.url, self.token, self.model, self.dimensions) = (dialect, url, token, model, dimensions)
  }
}
