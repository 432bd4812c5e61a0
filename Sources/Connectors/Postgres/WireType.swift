internal import Dataflow

/// How a value travels to the server: the format of its bytes in a binary COPY, and the type of its column in the staging table.
///
/// The staging table takes everything that a writer can encode, so that COPY never fails on a value; the target's own type is
/// checked row by row when rows move on from there. That is also why JSON travels as text. Raw values stand in staged bytes: they never change.
enum WireType: UInt8, Sendable {
  case int64 = 1
  case double = 2
  case bool = 3
  case time = 4
  case text = 5
  case bytea = 6
  case vector = 7

  /// The staging column's type.
  var stagingType: String {
    switch self {
    case .int64: "bigint"
    case .double: "double precision"
    case .bool: "boolean"
    case .time: "timestamp with time zone"
    case .text: "text"
    case .bytea: "bytea"
    case .vector: "real[]"
    }
  }

  /// The types of existing columns that values of this kind can be assigned to, as the catalog names them. What does not fit a value is refused by the row.
  var assignable: [String] {
    switch self {
    case .int64: ["bigint", "integer", "smallint", "numeric", "double precision", "real", "text", "character varying"]
    case .double: ["double precision", "real", "numeric"]
    case .bool: ["boolean"]
    case .time: ["timestamp with time zone", "timestamp without time zone", "date"]
    case .text: ["text", "character varying", "character"] + Self.castFromText
    case .bytea: ["bytea"]
    // pgvector casts by itself where a value is assigned.
    case .vector: ["real[]", "double precision[]", "vector"]
    }
  }

  /// Types that text is not assigned to without being asked.
  static let castFromText = ["jsonb", "json", "uuid", "inet", "cidr"]
}

/// A column type that a job may ask for, by the name users write.
enum SQLType: String, CaseIterable {
  case bigint, integer, smallint, numeric
  case double = "double precision"
  case real, boolean, timestamptz, text, jsonb, json, uuid, bytea
  case vector = "real[]"
  /// Of the extension pgvector.
  case pgvector = "vector"

  /// What a field becomes when the job does not say.
  static func natural(_ type: ColumnType) -> SQLType {
    switch type {
    case .int64: .bigint
    case .double: .double
    case .bool: .boolean
    case .time: .timestamptz
    case .bytes: .text
    case .vector: .vector
    }
  }

  /// The types that a field of this kind may become.
  static func choices(_ type: ColumnType) -> [SQLType] {
    switch type {
    case .int64: [.bigint, .integer, .smallint, .numeric, .double, .text]
    case .double: [.double, .real, .numeric]
    case .bool: [.boolean]
    case .time: [.timestamptz]
    case .bytes: [.text, .jsonb, .json, .uuid, .bytea]
    case .vector: [.vector, .pgvector]
    }
  }

  /// How values of a field travel when its column has this type.
  func wire(_ type: ColumnType) -> WireType {
    switch type {
    case .int64: .int64
    case .double: .double
    case .bool: .bool
    case .time: .time
    case .bytes: self == .bytea ? .bytea : .text
    case .vector: .vector
    }
  }
}
