public import Dataflow

/// Writes rows as JSON objects, one field after the other in the order of the schema.
///
/// Times are RFC 3339 in UTC with nine decimals, bytes are strings in which invalid UTF-8 is repaired to U+FFFD, vectors are arrays,
/// nulls (also numbers that JSON cannot say) are `null`. The output holds no line feed and is always valid JSON.
public struct JSONRowEncoder: Sendable {
  private struct Member: Sendable {
    var field: Field
    /// `{"name":` or `,"name":`.
    var opening: [UInt8]
    var isRaw: Bool
  }
  private let members: [Member]

  /// - Parameter rawJSON: names of `bytes` fields that hold JSON and are written as they are; what is no JSON becomes a string.
  public init(_ schema: Schema, rawJSON: Set<String> = []) {
    members = schema.fields.enumerated().map { index, field in
      var opening: [UInt8] = [UInt8(ascii: index == 0 ? "{" : ",")]
      TextWriter.append(string: Array(field.name.utf8), to: &opening)
      opening.append(UInt8(ascii: ":"))
      return Member(field: field, opening: opening, isRaw: rawJSON.contains(field.name) && field.type == .bytes)
    }
  }

  /// Appends the row as one object, without a line feed. O(bytes).
  public func append(_ batch: RecordBatch, _ row: Int, to output: inout [UInt8]) {
    if members.isEmpty { output.append(UInt8(ascii: "{")) }
    for member in members {
      output.append(contentsOf: member.opening)
      append(member, batch, row, to: &output)
    }
    output.append(UInt8(ascii: "}"))
  }

  private func append(_ member: Member, _ batch: RecordBatch, _ row: Int, to output: inout [UInt8]) {
    let field = member.field
    guard !batch.isNull(field, row) else { return TextWriter.append(null: &output) }
    switch field.type {
    case .int64: TextWriter.append(batch.int64s(field)[row], to: &output)
    case .double: TextWriter.append(batch.doubles(field)[row], to: &output)
    case .bool: output.append(contentsOf: (batch.bools(field)[row] ? "true" : "false").utf8)
    case .time:
      let time = batch.int64s(field)[row]
      guard time != RecordBatch.noTime else { return TextWriter.append(null: &output) }
      output.append(UInt8(ascii: "\""))
      TextWriter.append(time: time, to: &output)
      output.append(UInt8(ascii: "\""))
    case .bytes:
      let view = batch.bytes(field)[row]
      if member.isRaw && JSONCheck.isValue(view.buffer) {
        // Between values a line feed is white space, and inside of strings there is none.
        for byte in view.buffer { output.append(byte == 0x0A || byte == 0x0D ? 0x20 : byte) }
      } else {
        TextWriter.append(string: view.buffer, to: &output)
      }
    case .vector(let count):
      output.append(UInt8(ascii: "["))
      let view = batch.bytes(field)[row]
      for index in 0..<min(count, view.count / 4) {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        let value = UnsafeRawBufferPointer(view.buffer).loadUnaligned(fromByteOffset: index * 4, as: Float.self)
        if value.isFinite { output.append(contentsOf: value.description.utf8) } else { TextWriter.append(null: &output) }
      }
      output.append(UInt8(ascii: "]"))
    }
  }
}
