/// Vectors in a collection of Milvus: its index answers.
final class MilvusVectorStore: VectorStore {
  private let client: MilvusClient
  private let collection: String
  private let model: String
  private let dimensions: Int
  /// Shapes of one question: a condition of more takes the server longer to read than to answer.
  private static let shapesAtOnce = 4000

  init(_ client: MilvusClient, collection: String, model: String, dimensions: Int) {
    (self.client, self.collection, self.model, self.dimensions) = (client, collection, model, dimensions)
  }

  private var ofModel: String { "embedding_model == \(MilvusClient.literal(model))" }

  func count() throws -> Int { try client.count(collection, where: ofModel) }

  func nearest(_ vector: [Float], limit: Int, among shapes: Set<String>?) throws -> [NearTemplate] {
    precondition(vector.count == dimensions, "a vector of \(vector.count) numbers for a store of \(dimensions)")
    guard limit > 0, shapes?.isEmpty != true else { return [] }
    let most = min(limit, MilvusClient.mostHits)
    guard let shapes else { return try search(vector, most, ofModel) }
    let wanted = shapes.sorted()
    var found: [NearTemplate] = []
    for start in stride(from: 0, to: wanted.count, by: Self.shapesAtOnce) {
      let some = wanted[start..<min(start + Self.shapesAtOnce, wanted.count)]
      found += try search(vector, most, "\(ofModel) and shape in [\(some.map(MilvusClient.literal).joined(separator: ","))]")
    }
    return Array(Self.sorted(found).prefix(most))
  }

  private func search(_ vector: [Float], _ limit: Int, _ condition: String) throws(MilvusError) -> [NearTemplate] {
    let rows = try client.search(
      collection, "embedding", vector, limit: limit, effort: max(200, limit), where: condition, output: "shape")
    return Self.sorted(rows.map { NearTemplate(shape: $0.text, similarity: $0.similarity) })
  }

  private static func sorted(_ near: [NearTemplate]) -> [NearTemplate] {
    near.sorted { ($1.similarity, $0.shape) < ($0.similarity, $1.shape) }
  }
}
