/// Search by words, without a model: BM25 over stems and their synonyms, and over pieces of words for what stems do not join.
///
/// Finds what uses the words of the question, or near ones; it knows nothing of meaning. Documents are numbered from 0 as they are added.
public struct LexicalIndex {
  private var stems = TermIndex()
  private var pieces = TermIndex()

  /// What a synonym counts, of a word of the question itself.
  private static let synonymWeight: Float = 0.6
  /// What pieces of words count, of whole words.
  private static let pieceWeight: Float = 0.3

  /// An empty index.
  public init() {}

  /// How many templates it holds.
  public var count: Int { stems.count }

  /// Adds a template. O(its bytes).
  public mutating func add(_ template: String) {
    let words = SearchWords.of(SearchText.of(template))
    stems.add(words.map(Stem.of))
    pieces.add(words.flatMap(SearchWords.pieces))
  }

  /// How well each template fits the question: 0 for not at all, about 1 for the best. O(templates + postings of the question's words).
  public func scores(_ question: String) -> [Float] {
    let words = SearchWords.of(SearchText.of(question))
    var wanted: [[UInt8]: Float] = [:]
    for word in words { wanted[Stem.of(word)] = 1 }
    for stem in wanted.keys where wanted[stem] == 1 {
      for other in Synonyms.ofStem[stem] ?? [] where wanted[other] == nil { wanted[other] = Self.synonymWeight }
    }
    var scores = Self.scaled(stems.scores(wanted))
    let parts = Self.scaled(pieces.scores(Dictionary(words.flatMap(SearchWords.pieces).map { ($0, 1) }) { first, _ in first }))
    for index in scores.indices { scores[index] = (scores[index] + Self.pieceWeight * parts[index]) / (1 + Self.pieceWeight) }
    return scores
  }

  /// With 1 for the best.
  private static func scaled(_ scores: [Float]) -> [Float] {
    guard let best = scores.max(), best > 0 else { return scores }
    return scores.map { $0 / best }
  }
}
