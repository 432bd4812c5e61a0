internal import Dataflow
package import Postgres
internal import Search

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

  /// Goes on with what makes later answers faster, for some ten milliseconds; answers with how far it is. Answers before are as right, and slower.
  func prepare() -> VectorPreparation
}

extension VectorStore {
  /// Where the server has the index, nothing is to be done here.
  package func prepare() -> VectorPreparation { VectorPreparation(done: 0, total: 0) }
}

/// How far a store is with its graph of near vectors.
package struct VectorPreparation: Equatable, Sendable {
  /// Vectors that are in it.
  package let done: Int
  /// Vectors that will be; 0 where no graph is needed.
  package let total: Int

  /// A state.
  package init(done: Int, total: Int) { (self.done, self.total) = (done, total) }
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

  /// Whether a database has vectors of a model in its table. Throws `PostgresError`; blocks.
  package static func hasVectors(_ url: String, model: String) throws -> Bool {
    let client = try PostgresClient(PostgresOptions(url: url, statementTimeout: 30_000_000_000))
    defer { client.close() }
    guard try client.query("SELECT to_regclass($1)", [table]).scalar != nil else { return false }
    return try client.query("SELECT 1 FROM \(table) WHERE embedding_model = $1 LIMIT 1", [model]).scalar != nil
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
  /// - Parameters:
  ///   - snapshot: a file for the index in this process, so that a start need not read every vector again; nil keeps none.
  ///   - graphFrom: from how many vectors on that index has a graph, once it is prepared.
  /// - Returns: nil when there is no such table yet.
  /// - Throws: `PostgresError`; `SinkError` when the table's column is of neither type.
  package static func open(
    _ client: PostgresClient, model: String, dimensions: Int, snapshot: String? = nil, graphFrom: Int = VectorIndex.usualGraphFrom
  ) throws -> (any VectorStore)? {
    let type = try client.query(
      """
      SELECT format_type(atttypid, NULL) FROM pg_attribute
      WHERE attrelid = to_regclass($1) AND attname = 'embedding' AND NOT attisdropped
      """, [table]
    ).scalar
    switch type {
    case nil: return nil
    case "real[]": return BuiltInVectorStore(client, model: model, dimensions: dimensions, snapshot: snapshot, graphFrom: graphFrom)
    case "vector": return PgVectorStore(client, model: model, dimensions: dimensions)
    case let type?:
      throw SinkError(
        "column \"embedding\" of table \"\(table)\" is \(type)", hint: "it must be real[], or vector where pgvector is installed",
        retry: .never)
    }
  }
}
