/// What a column holds. Times are nanoseconds since 1970 in UTC.
public enum ColumnType: Hashable, Sendable {
  case int64
  case double
  case bool
  case time
  case bytes
  /// A fixed number of `Float`s a row.
  case vector(Int)
}

/// One named column of a record, and where a batch keeps it.
public struct Field: Hashable, Sendable {
  /// The name that jobs use.
  public let name: String
  /// What the column holds.
  public let type: ColumnType
  /// Index of the physical column inside a `RecordBatch`. Several schemas of one chain share a batch, each naming the columns it sees.
  public let column: Int
  /// Whether personal data was taken out of it. Only the step that did so says it, so a field that was made or changed later is not redacted;
  /// what hands texts to others (a provider of embeddings) takes no other fields.
  public let isRedacted: Bool

  /// A field in a column; not known to be redacted unless said otherwise.
  @inlinable
  public init(name: String, type: ColumnType, column: Int, isRedacted: Bool = false) {
    self.name = name
    self.type = type
    self.column = column
    self.isRedacted = isRedacted
  }
}

/// The fields of the records on one edge of a job, resolved when the job is planned.
///
/// Operators of a chain hand the same batch on, so a schema is a *view*: dropping or renaming a field costs nothing at run time,
/// and a new field always takes a fresh physical column.
public struct Schema: Hashable, Sendable {
  /// The fields that are seen on this edge, in order.
  public private(set) var fields: [Field]
  /// How many physical columns a batch of this schema needs; at least `fields.count`.
  public private(set) var width: Int

  /// A dense schema: the fields take columns 0, 1, 2 … in order.
  public init(_ fields: [(String, ColumnType)] = []) {
    self.fields = fields.enumerated().map { Field(name: $1.0, type: $1.1, column: $0) }
    self.width = fields.count
  }

  /// The field of that name, or nil. O(fields), meant for plan time.
  public func field(_ name: String) -> Field? {
    fields.first { $0.name == name }
  }

  /// Adds a field in a fresh column, or replaces the field of that name.
  @discardableResult
  public mutating func append(_ name: String, _ type: ColumnType, isRedacted: Bool = false) -> Field {
    let field = Field(name: name, type: type, column: width, isRedacted: isRedacted)
    width += 1
    if let old = fields.firstIndex(where: { $0.name == name }) {
      fields[old] = field
    } else {
      fields.append(field)
    }
    return field
  }

  /// Keeps only the given fields, in the given order and under the given names. The columns stay where they are.
  public func selecting(_ selection: [(field: Field, name: String)]) -> Schema {
    var result = self
    result.fields = selection.map { Field(name: $0.name, type: $0.field.type, column: $0.field.column, isRedacted: $0.field.isRedacted) }
    return result
  }

  /// Makes this the schema of exactly these fields, in the columns they name.
  mutating func layOut(_ fields: [Field], width: Int) {
    self.fields = fields
    self.width = width
  }
}
