internal import Dataflow
internal import Postgres

/// Which table a sink writes, which field goes into which column, and what makes a row the same row.
struct TablePlan: Sendable {
  struct Column: Sendable {
    var field: Field
    var name: SQLIdentifier
    var type: SQLType
    var wire: WireType { type.wire(field.type) }

    /// The type as it stands in a CREATE TABLE.
    var definition: String {
      if type == .pgvector, case .vector(let dimensions) = field.type { return "vector(\(dimensions))" }
      return type.rawValue
    }
  }

  var table: SQLIdentifier
  var columns: [Column]
  /// Columns by which a row replaces an older one; empty: rows are appended.
  var key: [SQLIdentifier]
  /// The time column of which each day gets a partition.
  var partition: SQLIdentifier?

  /// Storage options of a table that rows are kept in. Replaced rows find room on their own page, so no index needs an entry for the new version:
  /// measured with 200,000 capsules, replacing took 0.6 of the time and the table grew to half the size.
  var storage: String { key.isEmpty ? "" : " WITH (fillfactor = 50)" }

  /// Stands before staged rows: names and wire types of the columns. Rows staged under another plan are recognised by it.
  var signature: [UInt8] {
    var bytes = Array("sloscout-pg1".utf8) + [UInt8(columns.count >> 8), UInt8(columns.count & 255)]
    for column in columns {
      bytes += [column.wire.rawValue, UInt8(column.name.name.utf8.count)] + Array(column.name.name.utf8)
    }
    return bytes
  }
}

extension TablePlan {
  /// Reads a sink's options against its input. Throws `Diagnostic`.
  init(_ config: Config, _ schema: Schema) throws {
    table = try Self.identifier(config.string("table") ?? "", config, "table")
    columns = try Self.columns(config, schema)
    key = []
    for name in config.strings("key") ?? [] { key.append(try Self.column(name, columns, config, "key")) }
    if Set(key).count < key.count { throw config.diagnostic("key", code: "postgres.key", "\"key\" names a field twice") }
    try readPartition(config)
    try checkNames(config)
  }

  private static func columns(_ config: Config, _ schema: Schema) throws -> [Column] {
    var types: [String: SQLType] = [:]
    for (field, value) in config.map("types") ?? [] {
      guard schema.field(field) != nil else { throw unknown(field, schema, config, "types") }
      if case .string(let name) = value, let type = SQLType(rawValue: name) { types[field] = type }
    }
    var result: [Column] = []
    if let chosen = config.map("columns") {
      for (name, value) in chosen {
        guard let field = schema.field(name) else { throw unknown(name, schema, config, "columns") }
        var options = Config()
        if case .object(let given) = value { options = given }
        let type = options.string("type").flatMap(SQLType.init(rawValue:)) ?? types[name] ?? .natural(field.type)
        result.append(Column(field: field, name: try identifier(options.string("name") ?? name, config, "columns"), type: type))
      }
    } else {
      result = try schema.fields.map {
        Column(field: $0, name: try identifier($0.name, config, "columns"), type: types[$0.name] ?? .natural($0.type))
      }
    }
    for column in result where !SQLType.choices(column.field.type).contains(column.type) {
      let choices = SQLType.choices(column.field.type).map(\.rawValue).joined(separator: ", ")
      throw config.diagnostic(
        "types", code: "postgres.type", "field \"\(column.field.name)\" cannot be stored as \(column.type.rawValue)",
        hint: "it can be stored as \(choices)")
    }
    return result
  }

  private mutating func readPartition(_ config: Config) throws {
    guard let name = config.string("partitionBy") else { return }
    let column = try Self.column(name, columns, config, "partitionBy")
    guard columns.first(where: { $0.name == column })?.field.type == .time else {
      throw config.diagnostic("partitionBy", code: "postgres.partition", "\"partitionBy\" needs a field of type time, \"\(name)\" is none")
    }
    guard key.isEmpty || key.contains(column) else {
      throw config.diagnostic(
        "partitionBy", code: "postgres.partition", "the key does not contain the partition field \"\(name)\"",
        detail: "PostgreSQL keeps a key unique within one partition only", hint: "add \(name) to the key")
    }
    partition = column
    // Partitions are called <table>_pYYYYMMDD, and a name has room for 63 bytes.
    guard table.name.utf8.count <= 53 else {
      throw config.diagnostic("table", code: "postgres.name", "a partitioned table's name has at most 53 characters")
    }
  }

  private func checkNames(_ config: Config) throws {
    if columns.isEmpty { throw config.diagnostic("columns", code: "postgres.columns", "the sink has no columns to write") }
    // PostgreSQL's own limit is 1,600 columns a table.
    if columns.count > 1_600 { throw config.diagnostic("columns", code: "postgres.columns", "a table has at most 1600 columns") }
    var seen: Set<SQLIdentifier> = []
    for column in columns {
      if !seen.insert(column.name).inserted {
        throw config.diagnostic("columns", code: "postgres.columns", "two fields go into column \"\(column.name.name)\"")
      }
      if column.name == Staging.ordinal {
        throw config.diagnostic("columns", code: "postgres.name", "column name \"\(column.name.name)\" is taken by the sink itself")
      }
    }
    if table.name == "sink_ledger" || table.name.hasPrefix("sloscout_") {
      throw config.diagnostic("table", code: "postgres.name", "table name \"\(table.name)\" is taken by the sink itself")
    }
  }

  private static func identifier(_ name: String, _ config: Config, _ option: String) throws -> SQLIdentifier {
    do {
      return try SQLIdentifier(name)
    } catch let error as PostgresError {
      let hint = option == "columns" ? "give the column a name of its own: columns: { \(name): { name: … } }" : ""
      throw config.diagnostic(option, code: "postgres.name", error.message, hint: hint)
    }
  }

  private static func column(_ field: String, _ columns: [Column], _ config: Config, _ option: String) throws -> SQLIdentifier {
    guard let column = columns.first(where: { $0.field.name == field }) else {
      throw config.diagnostic(
        option, code: "postgres.unknown-field", "\"\(option)\" names field \"\(field)\", which the sink does not write",
        detail: "it writes \(columns.map(\.field.name).joined(separator: ", "))")
    }
    return column.name
  }

  private static func unknown(_ field: String, _ schema: Schema, _ config: Config, _ option: String) -> Diagnostic {
    config.diagnostic(
      option, code: "postgres.unknown-field", "\"\(option)\" names field \"\(field)\", which its input does not have",
      detail: "it has \(schema.fields.map(\.name).joined(separator: ", "))")
  }
}
