internal import Search

/// Which of some templates fit a question best, without a database: by words, and by meaning where there is a model in this process.
///
/// Blocks: a model takes about a millisecond a template, so it only orders what words have found.
package struct TemplateSearch {
  private let templates: [String]
  private var words = LexicalIndex()
  /// The vectors of texts; nil without a model.
  private let embed: (([String]) throws -> [[Float]])?

  /// Templates that words find and the model orders.
  private static let candidates = 200
  private static let wordWeight: Float = 0.25

  /// An index of the templates.
  ///
  /// - Parameter model: the folder of the model; nil goes by words alone.
  /// - Throws: `EmbeddingError` when the model cannot be opened.
  package init(_ templates: [String], model: String?) throws {
    self.templates = templates
    for template in templates { words.add(template) }
    #if OpenVINO
    let embedder = try model.map { try LocalEmbedder(ModelFolder($0), threads: 1) }
    embed = embedder.map { embedder in { try embedder.run($0).get() } }
    #else
    if model != nil {
      throw EmbeddingError(
        .unusable, "this program was built without OpenVINO, which a model needs",
        hint: "build it with: swift build -c release --traits OpenVINO; or leave the model out")
    }
    embed = nil
    #endif
  }

  /// The numbers of the templates that fit best, the best first. Personal data must be out of the question.
  ///
  /// - Throws: `EmbeddingError` when the model fails.
  package func nearest(_ question: String, limit: Int, where isWanted: (Int) -> Bool) throws -> [Int] {
    var scores = words.scores(question)
    func best(_ count: Int) -> [Int] {
      Array(
        scores.indices.filter { scores[$0] > 0 && isWanted($0) }.sorted { (scores[$1], $0) < (scores[$0], $1) }.prefix(max(0, count)))
    }
    guard let embed, limit > 0 else { return best(limit) }
    let found = best(Self.candidates)
    guard !found.isEmpty else { return [] }
    let vectors = try embed([SearchText.of(question)] + found.map { SearchText.of(templates[$0]) })
    for (number, vector) in zip(found, vectors.dropFirst()) {
      scores[number] = scores[number] * Self.wordWeight + zip(vectors[0], vector).reduce(Float(0)) { $0 + $1.0 * $1.1 }
    }
    return Array(found.sorted { (scores[$1], $0) < (scores[$0], $1) }.prefix(limit))
  }
}
