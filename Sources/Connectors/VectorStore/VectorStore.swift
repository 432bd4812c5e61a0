internal import Dataflow
package import Postgres

/// Where the vectors of templates are kept, and the nearest of them. One owner: not for several tasks at once. Calls block.
package protocol VectorStore: AnyObject {
  /// How many vectors of the model there are. Throws what its server's client throws: `PostgresError` or `MilvusError`.
  func count() throws -> Int

  /// The nearest vectors, best first; equal ones by shape.
  ///
  /// - Parameters:
  ///   - vector: of length 1.
  ///   - limit: how many at most.
  ///   - shapes: only these, when given.
  /// - Throws: `PostgresError` or `MilvusError`.
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

  /// Where the vectors of an embedding job are.
  package enum Location: Sendable {
    /// In the table of the database that has the capsules.
    case database
    /// In a collection of a Milvus.
    case milvus(MilvusOptions, collection: String = VectorStores.table)
  }

  /// The store for the vectors of a model in Milvus.
  ///
  /// - Returns: nil when there is no such collection yet.
  /// - Throws: `MilvusError`; `SinkError` when the collection is none of the sink's, or has vectors of another size.
  package static func open(_ options: MilvusOptions, collection name: String = table, model: String, dimensions: Int) throws -> (
    any VectorStore
  )? {
    let client = try MilvusClient(options)
    guard let collection = try client.collection(name) else { return nil }
    let wanted: [(name: String, kind: MilvusCollection.Kind)] = [
      ("shape", .text), ("embedding_model", .text), ("embedding", .vector(dimensions)),
    ]
    if let wrong = wanted.first(where: { collection.field($0.name)?.kind != $0.kind }) {
      throw SinkError(
        "field \"\(wrong.name)\" of collection \"\(name)\" is \(collection.field(wrong.name).map { "\($0.kind)" } ?? "missing"), not \(wrong.kind)",
        hint: "give the sink of this model a collection of its own", retry: .never)
    }
    return MilvusVectorStore(client, collection: name, model: model, dimensions: dimensions)
  }

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
