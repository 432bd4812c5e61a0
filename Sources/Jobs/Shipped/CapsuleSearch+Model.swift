package import Connectors
package import Dataflow
internal import Operators

extension CapsuleSearch {
  /// Search with the model of an `embeddings` connection; by words alone where that cannot be had, and the answers say why. Questions are redacted
  /// before a model sees them.
  ///
  /// Opening a model in this process blocks for about a second. Connects to nothing yet.
  /// - Parameters:
  ///   - url: the database that the fingerprint and the embedding job write into.
  ///   - model: the connection's options.
  ///   - snapshot: a file for the index of vectors; nil keeps none.
  ///   - vectors: where the embedding job keeps them.
  ///   - onPreparation: for a process that answers many questions: is told how far the graph of near vectors is. Nil builds none.
  /// - Throws: `Diagnostic` when personal data could not be taken out of questions.
  package convenience init(
    url: String, model: Config, snapshot: String? = nil, vectors: VectorStores.Location = .database,
    onPreparation: (@Sendable (VectorPreparation) -> Void)? = nil
  ) throws {
    let redaction = try RedactionOptions(Config())
    let redact: @Sendable (String) -> String = { text in
      let redacted = Array(text.utf8).withUnsafeBufferPointer { TextRedactor(redaction).redact($0) }
      return redacted.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
    var options = model.values
    // Somebody waits for the answer: words are better than ten minutes.
    options["giveUpAfter"] = .duration(5_000_000_000)
    do {
      let embedder = try EmbeddingsConnection.plan(Config(options)).open(SystemRuntime(threads: 1))
      self.init(url: url, embedder: embedder, snapshot: snapshot, vectors: vectors, onPreparation: onPreparation, redact: redact)
    } catch {
      let diagnostic = error as? Diagnostic
      let why = diagnostic.map { $0.hint.isEmpty ? $0.message : "\($0.message)\n  hint: \($0.hint)" } ?? "\(error)"
      self.init(url: url, embedder: nil, why: why, snapshot: snapshot, vectors: vectors, onPreparation: onPreparation, redact: redact)
    }
  }
}
