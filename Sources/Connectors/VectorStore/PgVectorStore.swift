internal import Postgres

/// Vectors in a PostgreSQL with the extension pgvector: its HNSW index answers.
final class PgVectorStore: VectorStore {
  private let client: PostgresClient
  private let model: String
  private let dimensions: Int

  init(_ client: PostgresClient, model: String, dimensions: Int) {
    (self.client, self.model, self.dimensions) = (client, model, dimensions)
  }

  func count() throws -> Int {
    Int(try client.query("SELECT count(*) FROM \(VectorStores.table) WHERE embedding_model = $1", [model]).scalar ?? "") ?? 0
  }

  func nearest(_ vector: [Float], limit: Int, among shapes: Set<String>?) throws -> [NearTemplate] {
    precondition(vector.count == dimensions, "a vector of \(vector.count) numbers for a store of \(dimensions)")
    guard limit > 0, shapes?.isEmpty != true else { return [] }
    let text = "[\(vector.map { "\($0)" }.joined(separator: ","))]"
    // The index looks on until enough rows pass the conditions; without that a filter could leave none.
    return try client.transaction {
      try client.execute("SET LOCAL hnsw.iterative_scan = strict_order; SET LOCAL hnsw.ef_search = \(min(1000, max(200, limit)))")
      let result = try client.query(
        """
        SELECT shape, 1 - (embedding <=> $1::vector) FROM \(VectorStores.table)
        WHERE embedding_model = $2\(shapes == nil ? "" : " AND shape = ANY($4::text[])")
        ORDER BY embedding <=> $1::vector, shape LIMIT $3::bigint
        """, [text, model, String(limit)] + (shapes.map { [SQLArray.literal($0.sorted())] } ?? []))
      return result.rows.compactMap { row in
        guard let shape = row[0], let similarity = row[1].flatMap({ Float($0) }) else { return nil }
        return NearTemplate(shape: shape, similarity: similarity)
      }
    }
  }
}
