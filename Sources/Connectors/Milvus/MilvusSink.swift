public import Dataflow

/// The `milvus` sink: rows with a vector into a collection of Milvus.
///
/// - Input: text fields, and one field with a vector.
/// - Guarantees: a row stands once for each key, as the newest checkpoint has it. Milvus has no transactions: after a crash between the rows of a
///   checkpoint and the ledger that says so, the same rows are written over themselves.
/// - Errors: a row without key or vector, with a number that is none, or with a text that is longer than Milvus takes.
public enum MilvusSink {
  /// The catalog entry.
  public static let type = SinkType(descriptor) { config, connection, schema in
    guard let connection else {
      throw config.diagnostic(
        "connection", code: "milvus.no-connection", "a milvus sink needs a connection",
        hint: "add a Connection document of type milvus and name it: connection: <name>")
    }
    let plan = try MilvusPlan(config, schema)
    let options = try MilvusOptions(connection)
    return PlannedSink(delivery: .exactlyOnce { MilvusCommitter(plan, options) }) { MilvusWriter(plan) }
  }

  static let descriptor = Descriptor(
    type: "milvus",
    summary: "Writes vectors into a collection of Milvus, each key once, and makes the collection if there is none.",
    fields: [
      ConfigField(
        "collection", .string, default: VectorStores.table,
        "The collection. The sink's ledger stands in another one, with `_ledger` behind its name."),
      ConfigField(
        "key", .list(.string), required: true, example: "[shape, embedding_model]",
        "Text fields that identify a row: a later row with the same key replaces the earlier one."),
      ConfigField("vector", .string, default: "embedding", "The field with the vector."),
      ConfigField(
        "fields", .list(.string), example: "[template]",
        "Text fields to keep besides the key. Without it: all text fields of the records."),
    ],
    example: """
      key: [shape, embedding_model]
      fields: [template]
      """)
}

/// Which fields of a record become what in a collection.
struct MilvusPlan: Sendable {
  /// The rows' own key, made of the key fields.
  static let id = "id"

  let collection: MilvusCollection
  let keys: [Field]
  /// The key fields and the others.
  let texts: [Field]
  let vector: Field
  let dimensions: Int
  /// The beginning of staged rows: rows of another plan are not taken for ours.
  let signature: [UInt8]

  init(_ config: Config, _ schema: Schema) throws {
    func text(_ name: String, _ option: String) throws -> Field {
      guard let field = schema.field(name), field.type == .bytes else {
        throw config.diagnostic(
          option, code: "milvus.field", "the records have no text field \"\(name)\"",
          hint: "they have: \(schema.fields.map(\.name).joined(separator: ", "))")
      }
      return field
    }
    let name = config.string("collection") ?? VectorStores.table
    guard Self.isName(name) else {
      throw config.diagnostic(
        "collection", code: "milvus.collection", "\"\(name)\" is no name of a collection", hint: "use letters, digits and _, no digit first"
      )
    }
    let keyNames = config.strings("key") ?? []
    guard !keyNames.isEmpty else {
      throw config.diagnostic("key", code: "milvus.key", "a milvus sink needs a key", hint: "key: [shape, embedding_model]")
    }
    keys = try keyNames.map { try text($0, "key") }
    let others =
      try config.strings("fields")?.map { try text($0, "fields") } ?? schema.fields.filter { $0.type == .bytes }
    var seen: Set<String> = []
    texts = (keys + others).filter { seen.insert($0.name).inserted }
    let vectorName = config.string("vector") ?? "embedding"
    guard let vector = schema.field(vectorName), case .vector(let dimensions) = vector.type else {
      throw config.diagnostic(
        "vector", code: "milvus.field", "the records have no vector \"\(vectorName)\"",
        hint: "they have: \(schema.fields.map(\.name).joined(separator: ", ")); vectors come from the operator embed")
    }
    (self.vector, self.dimensions) = (vector, dimensions)
    if let wrong = (texts.map(\.name) + [vectorName]).first(where: { $0 == Self.id || !Self.isName($0) }) {
      throw config.diagnostic(
        "fields", code: "milvus.field", "a collection can have no field \"\(wrong)\" of ours",
        hint: "rename it before: letters, digits and _, and not \"\(Self.id)\", which is the key's own")
    }
    collection = MilvusCollection(
      name,
      [MilvusCollection.Field(Self.id, .text, isKey: true)] + texts.map { MilvusCollection.Field($0.name, .text) }
        + [MilvusCollection.Field(vectorName, .vector(dimensions))])
    var signature: [UInt8] = []
    signature.append(counted: "milvus 1 \(keys.map(\.name)) \(texts.map(\.name)) \(vectorName) \(dimensions)")
    self.signature = signature
  }

  private static func isName(_ name: String) -> Bool {
    name.utf8.count <= 200 && name.utf8.first.map { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } == true
      && name.utf8.allSatisfy { byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
          || byte == UInt8(ascii: "_")
      }
  }
}
