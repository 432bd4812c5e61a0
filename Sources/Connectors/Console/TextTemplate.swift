internal import Dataflow

/// Makes lines of text from records: `{time} {service}: {message}`.
struct TextTemplate: Sendable {
  private enum Piece: Sendable {
    case text([UInt8])
    case field(Field)
  }
  private var pieces: [Piece] = []

  /// Without a template all fields are written, with spaces between them.
  ///
  /// - Throws: `Diagnostic` for a field that the records do not have, or a brace that is not closed.
  init(_ config: Config, _ schema: Schema) throws {
    guard let template = config.string("template") else {
      for (index, field) in schema.fields.enumerated() {
        if index > 0 { pieces.append(.text([0x20])) }
        pieces.append(.field(field))
      }
      return
    }
    var rest = Substring(template)
    var text: [UInt8] = []
    while let character = rest.popFirst() {
      guard character == "{", rest.first != "{" else {
        if character == "{" { rest.removeFirst() }
        text.append(contentsOf: character.utf8)
        continue
      }
      guard let end = rest.firstIndex(of: "}") else {
        throw config.diagnostic("template", code: "console.template", "a brace is not closed", hint: "write {{ for a brace")
      }
      let name = String(rest[..<end])
      guard let field = schema.field(name) else {
        throw config.diagnostic(
          "template", code: "console.unknown-field", "the records have no field \"\(name)\"",
          hint: "they have: \(schema.fields.map(\.name).joined(separator: ", "))")
      }
      if !text.isEmpty { pieces.append(.text(text)) }
      text = []
      pieces.append(.field(field))
      rest = rest[rest.index(after: end)...]
    }
    if !text.isEmpty { pieces.append(.text(text)) }
  }

  /// Appends the record's line, without a line feed. A null is written as `-`.
  func append(_ batch: RecordBatch, _ row: Int, to output: inout [UInt8]) {
    for piece in pieces {
      switch piece {
      case .text(let text): output.append(contentsOf: text)
      case .field(let field): append(field, batch, row, to: &output)
      }
    }
  }

  private func append(_ field: Field, _ batch: RecordBatch, _ row: Int, to output: inout [UInt8]) {
    guard !batch.isNull(field, row) else { return output.append(UInt8(ascii: "-")) }
    switch field.type {
    case .int64: TextWriter.append(batch.int64s(field)[row], to: &output)
    case .double: output.append(contentsOf: batch.doubles(field)[row].description.utf8)
    case .bool: output.append(contentsOf: (batch.bools(field)[row] ? "true" : "false").utf8)
    case .time: TextWriter.append(time: batch.int64s(field)[row], to: &output)
    case .bytes: TextWriter.append(text: batch.bytes(field)[row].buffer, isQuoted: false, to: &output)
    case .vector(let count): output.append(contentsOf: "[\(count) numbers]".utf8)
    }
  }
}
