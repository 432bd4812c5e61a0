/// A type that says itself what it looks like; all others are asked for their members.
protocol SchemaDescribed: Decodable {
  static func schema(_ book: inout SchemaBook) -> Schema
  /// Any value: something that holds one has to be made from it.
  static var sample: Self { get }
}

/// The body of a request.
protocol RequestBody: SnakeCased {
  /// Members, by the name in JSON, of which not everything is taken that the type could hold.
  static var limits: [String: Schema] { get }
}

/// The schemas of the types that the API speaks of, by name.
struct SchemaBook {
  private(set) var components: [String: Schema] = [:]

  /// The schema of a type: written down once under the type's name, and referred to.
  ///
  /// The members are found by letting the type decode itself from a decoder that notes what it is asked for: what the document says about a type is
  /// what the compiler made of it, and the two cannot part.
  mutating func schema<Value: Decodable>(_ type: Value.Type) -> Schema { read(type).schema }

  /// Writes down a schema that no type stands for.
  mutating func add(_ name: String, _ schema: Schema) -> Schema {
    precondition(components[name] == nil || components[name] == schema, "two schemas are called \(name)")
    components[name] = schema
    return .reference(name)
  }

  fileprivate mutating func read<Value: Decodable>(_ type: Value.Type) -> (schema: Schema, sample: Value) {
    if let described = type as? any SchemaDescribed.Type, let sample = described.sample as? Value {
      return (described.schema(&self), sample)
    }
    let reader = SchemaReader(self, type)
    guard let sample = try? Value(from: reader) else { preconditionFailure("\(type) does not say what it looks like") }
    self = reader.book
    return (add(Self.name(type), reader.schema), sample)
  }

  /// `JobView` is a `Job`, `GraphView.Node` a `GraphNode`, `AuditRoutes.Entries` are `AuditEntries`.
  private static func name(_ type: any Any.Type) -> String {
    String(reflecting: type).split(separator: ".").dropFirst().map { part in
      ["View", "Routes"].first { part.hasSuffix($0) }.map { String(part.dropLast($0.count)) } ?? String(part)
    }.joined()
  }
}

/// Notes the members of one object.
private final class SchemaReader: Decoder {
  var book: SchemaBook
  private var members: [(name: String, schema: Schema, isRequired: Bool)] = []
  let codingPath: [any CodingKey] = []
  let userInfo: [CodingUserInfoKey: Any] = [:]

  private let limits: [String: Schema]?
  private let isSnakeCased: Bool

  init(_ book: SchemaBook, _ type: any Decodable.Type) {
    self.book = book
    limits = (type as? any RequestBody.Type)?.limits
    isSnakeCased = type is any SnakeCased.Type
  }

  var schema: Schema { .members(members.map { (name: $0.name, schema: $0.schema) }, required: members.filter(\.isRequired).map(\.name)) }

  func read<Value: Decodable>(_ type: Value.Type, _ name: String, isRequired: Bool) -> Value {
    var (schema, sample) = book.read(type)
    let name = isSnakeCased ? Self.snakeCase(name) : name
    // What a request may leave out it may also write as null.
    if let limits { schema = isRequired ? limits[name] ?? schema : (limits[name] ?? schema).orNull }
    members.append((name, schema, isRequired))
    return sample
  }

  /// `errorShare` is `error_share`, as Foundation's encoder writes it.
  private static func snakeCase(_ name: String) -> String {
    name.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> { KeyedDecodingContainer(Members<Key>(self)) }
  func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw Unsupported() }
  func singleValueContainer() throws -> any SingleValueDecodingContainer { throw Unsupported() }

  private struct Unsupported: Error {}

  private final class Members<Key: CodingKey>: KeyedDecodingContainerProtocol {
    private let reader: SchemaReader
    /// The member that may be absent: synthesised code asks whether it is there before it reads it.
    private var optional: String?

    init(_ reader: SchemaReader) { self.reader = reader }

    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { [] }

    func contains(_ key: Key) -> Bool {
      optional = key.stringValue
      return true
    }

    func decodeNil(forKey key: Key) -> Bool { false }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) -> Value {
      defer { optional = nil }
      return reader.read(type, key.stringValue, isRequired: optional != key.stringValue)
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) throws -> KeyedDecodingContainer<Nested> {
      throw Unsupported()
    }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { throw Unsupported() }
    func superDecoder() throws -> any Decoder { throw Unsupported() }
    func superDecoder(forKey key: Key) throws -> any Decoder { throw Unsupported() }
  }
}

extension Bool: SchemaDescribed {
  static func schema(_ book: inout SchemaBook) -> Schema { .boolean }
  static var sample: Bool { false }
}

extension Int: SchemaDescribed {
  static func schema(_ book: inout SchemaBook) -> Schema { .integer }
  static var sample: Int { 0 }
}

extension Int64: SchemaDescribed {
  static func schema(_ book: inout SchemaBook) -> Schema { .integer }
  static var sample: Int64 { 0 }
}

extension UInt64: SchemaDescribed {
  static func schema(_ book: inout SchemaBook) -> Schema { .integer }
  static var sample: UInt64 { 0 }
}

extension Double: SchemaDescribed {
  static func schema(_ book: inout SchemaBook) -> Schema { .number }
  static var sample: Double { 0 }
}

extension String: SchemaDescribed {
  static func schema(_ book: inout SchemaBook) -> Schema { .string }
  static var sample: String { "" }
}

extension Array: SchemaDescribed where Element: Decodable {
  static func schema(_ book: inout SchemaBook) -> Schema { .list(book.schema(Element.self)) }
  static var sample: [Element] { [] }
}

/// Texts of which there are only so many.
protocol SchemaChoice: SchemaDescribed, RawRepresentable<String>, CaseIterable {}

extension SchemaChoice {
  static func schema(_ book: inout SchemaBook) -> Schema { .choice(allCases.map(\.rawValue)) }
  static var sample: Self {
    guard let first = allCases.first else { preconditionFailure("\(Self.self) has no cases") }
    return first
  }
}

extension JobPhase: SchemaChoice {}
extension ShardedState.ShardState: SchemaChoice {}
extension StoredJob.State: SchemaChoice {}
extension StoredAnalysis.Status: SchemaChoice {}
extension StoredIndicator.Status: SchemaChoice {}
extension StoredArtifact.State: SchemaChoice {}
extension StoredArtifact.Kind: SchemaChoice {}
