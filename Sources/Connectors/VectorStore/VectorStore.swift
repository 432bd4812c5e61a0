internal import Dataflow
package import Postgres

/// Where the vectors of templates are kept, and the nearest of them. One owner: not for several tasks at once. Calls block.
package protocol VectorStore: AnyObject {
  /// How many vectors of the model there are. Throws `PostgresError`.
  func count() throws -> Int

  /// The nearest vectors, best first; equal ones by shape.
  ///
  /// - Parameters:
  ///   - vector: of length 1.
  ///   - limit: how many at most.
  ///   - shapes: only these, when given.
  /// - Throws: `PostgresError`, or `SinkError` when the table cannot be what it should.
  func nearest(_ vector: [Float], limit: Int, among shapes: Set<String>?) throws -> [NearTemplate]
}

/// A template by its shape, and how near its vector is.
package struct NearTemplate: Equatable, Sendable {
  /// The shape's id.
  package let shape: String
  /// The cosine of the angle: from -1 to 1.
  package let similarity: Float

  /// A template that was found.
  package init(shape: String, similarity: Float) {
    self.shape = shape
    self.similarity = similarity
  }
}

/// The table that the shipped embedding job writes, and who answers from it.
package enum VectorStores {
  /// `shape`, `embedding_model`, `template`, `embedding`: one row a shape and model.
  package static let table = "template_vector"

  /// The store for the vectors of a model: `real[]` is searched in this process, pgvector's `vector` by the server.
  ///
  /// - Parameter snapshot: a file for the index in this process, so that a start need not read every vector again; nil keeps none.
  /// - Returns: nil when there is no such table yet.
  /// - Throws: `PostgresError`; `SinkError` when the table's column is of neither type.
  package static func open(_ client: PostgresClient, model: String, dimensions: Int, snapshot: String? = nil) throws -> (any VectorStore)? {
    let type = try client.query(
      """
      SELECT format_type(atttypid, NULL) FROM pg_attribute
      WHERE attrelid = to_regclass($1) AND attname = 'embedding' AND NOT attisdropped
      """, [table]
    ).scalar
    switch type {
    case nil: return nil
    case "real[]": return BuiltInVectorStore(client, model: model, dimensions: dimensions, snapshot: snapshot)
    case "vector": return PgVectorStore(client, model: model, dimensions: dimensions)
    case let type?:
      throw SinkError(
        "column \"embedding\" of table \"\(table)\" is \(type)", hint: "it must be real[], or vector where pgvector is installed",
        retry: .never)
    }
  }
}
