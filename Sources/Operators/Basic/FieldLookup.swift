internal import Dataflow

/// Finds fields by the names a job file gives, or says which name was probably meant.
struct FieldLookup {
  let schema: Schema

  /// The field of that name.
  ///
  /// - Parameter place: the value in the job file that holds the name.
  /// Throws `Diagnostic` with the code `job.unknown-field`.
  func field(_ name: String, at place: ConfigValue?) throws -> Field {
    if let field = schema.field(name) { return field }
    let names = schema.fields.map(\.name)
    let hint =
      Self.nearest(to: name, among: names).map { "did you mean \"\($0)\"?" }
      ?? (names.isEmpty ? "the input has no fields" : "the input has: \(names.joined(separator: ", "))")
    throw Diagnostic(
      code: "job.unknown-field", "there is no field \"\(name)\" in the input", at: place?.location, length: place?.length ?? 1,
      path: place?.path ?? "", hint: hint)
  }

  /// The field of that name, which must hold bytes.
  ///
  /// Throws `Diagnostic` with the code `job.unknown-field` or `job.field-type`.
  func bytes(_ name: String, at place: ConfigValue?) throws -> Field {
    let field = try field(name, at: place)
    guard field.type == .bytes else {
      throw Diagnostic(
        code: "job.field-type", "field \"\(name)\" holds \(field.type.word), not text", at: place?.location, length: place?.length ?? 1,
        path: place?.path ?? "")
    }
    return field
  }

  /// The name with the fewest edits from the wanted one, if that is few enough for a slip of the hand.
  static func nearest(to name: String, among names: [String]) -> String? {
    let best = names.map { (name: $0, edits: edits(from: Array(name.utf8), to: Array($0.utf8))) }.min { $0.edits < $1.edits }
    guard let best, best.edits <= max(1, (name.utf8.count + 1) / 3) else { return nil }
    return best.name
  }

  /// Levenshtein distance. O(a·b), meant for diagnostics.
  private static func edits(from a: [UInt8], to b: [UInt8]) -> Int {
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, y) in b.enumerated() {
        let substituted = diagonal + (x == y ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[b.count]
  }
}

extension ColumnType {
  /// The type as a message calls it.
  var word: String {
    switch self {
    case .int64: "integers"
    case .double: "numbers"
    case .bool: "booleans"
    case .time: "times"
    case .bytes: "text"
    case .vector(let count): "vectors of \(count)"
    }
  }
}
