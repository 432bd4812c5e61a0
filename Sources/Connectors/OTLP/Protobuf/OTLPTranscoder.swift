internal import Dataflow

/// Writes an OTLP request in protobuf as OTLP/JSON, so that everything behind a receiver knows one form of telemetry.
///
/// Keeps every field of `OTLPMessage`; fields that those tables do not know (of later versions) are skipped. Strings that are not UTF-8 are
/// repaired. Lists may come packed or not, and in pieces; of a field that comes twice the last counts, messages are merged, as protobuf has it.
///
/// - Complexity: O(bytes); memory for the fields of one message a level.
package struct OTLPTranscoder {
  /// Messages inside messages; OTLP itself needs 8, attribute values may nest.
  private static let deepest = 64

  private var output: [UInt8]

  /// The request as one line of JSON. Throws `MalformedProtobuf`; then nothing of it may be used.
  package static func json(_ request: UnsafeRawBufferPointer, _ message: OTLPMessage) throws(MalformedProtobuf) -> [UInt8] {
    var transcoder = OTLPTranscoder(output: [])
    transcoder.output.reserveCapacity(request.count * 2 + 64)
    try transcoder.write(request, message, depth: 0)
    return transcoder.output
  }

  private mutating func write(_ bytes: UnsafeRawBufferPointer, _ message: OTLPMessage, depth: Int) throws(MalformedProtobuf) {
    guard depth < Self.deepest else { throw MalformedProtobuf("messages are nested deeper than \(Self.deepest)") }
    var reader = WireReader(bytes)
    var found: [(field: Int, content: WireReader.Field.Content)] = []
    while let next = try reader.next() {
      if let index = message.fields.firstIndex(where: { $0.number == next.number }) { found.append((index, next.content)) }
    }
    // Encoders write fields in the order of their numbers; then there is nothing to move.
    if !zip(found, found.dropFirst()).allSatisfy({ $0.field <= $1.field }) {
      found = found.enumerated().sorted { ($0.element.field, $0.offset) < ($1.element.field, $1.offset) }.map(\.element)
    }
    output.append(UInt8(ascii: "{"))
    var start = 0
    while start < found.count {
      var end = start + 1
      while end < found.count, found[end].field == found[start].field { end += 1 }
      if start > 0 { output.append(UInt8(ascii: ",")) }
      try write(found[start..<end].map(\.content), message.fields[found[start].field], depth)
      start = end
    }
    output.append(UInt8(ascii: "}"))
  }

  private mutating func write(
    _ contents: [WireReader.Field.Content], _ field: OTLPMessage.Field, _ depth: Int
  ) throws(MalformedProtobuf) {
    output.append(contentsOf: field.label)
    if field.isRepeated {
      output.append(UInt8(ascii: "["))
      var isFirst = true
      for content in contents {
        for item in try items(content, field.kind) {
          if !isFirst { output.append(UInt8(ascii: ",")) }
          isFirst = false
          try write(item, field.kind, depth)
        }
      }
      output.append(UInt8(ascii: "]"))
    } else if contents.count > 1, case .message = field.kind {
      // Pieces of one message: their concatenation is the merged one.
      var whole: [UInt8] = []
      for case .bytes(let piece) in contents { whole.append(contentsOf: piece) }
      do {
        try whole.withUnsafeBytes { try write(.bytes($0), field.kind, depth) }
      } catch let error as MalformedProtobuf { throw error } catch { preconditionFailure("only protobuf errors are thrown here: \(error)") }
    } else if let last = contents.last {
      try write(last, field.kind, depth)
    }
  }

  /// The members of a list that may be packed.
  private func items(_ content: WireReader.Field.Content, _ kind: OTLPMessage.Kind) throws(MalformedProtobuf) -> [WireReader.Field.Content]
  {
    guard case .bytes(let packed) = content else { return [content] }
    var reader = WireReader(packed)
    var items: [WireReader.Field.Content] = []
    switch kind {
    case .string, .bytes, .hex, .message: return [content]
    case .fixed64, .sfixed64, .double: while !reader.isAtEnd { items.append(.fixed64(try reader.fixed(UInt64.self))) }
    case .fixed32: while !reader.isAtEnd { items.append(.fixed32(try reader.fixed(UInt32.self))) }
    case .bool, .int32, .uint32, .sint32, .int64, .uint64: while !reader.isAtEnd { items.append(.varint(try reader.varint())) }
    }
    return items
  }

  private mutating func write(_ content: WireReader.Field.Content, _ kind: OTLPMessage.Kind, _ depth: Int) throws(MalformedProtobuf) {
    switch (kind, content) {
    case (.string, .bytes(let bytes)): TextWriter.append(string: bytes.bindMemory(to: UInt8.self), to: &output)
    case (.bool, .varint(let value)): output.append(contentsOf: (value == 0 ? "false" : "true").utf8)
    case (.int32, .varint(let value)): TextWriter.append(Int64(Int32(truncatingIfNeeded: value)), to: &output)
    case (.uint32, .varint(let value)): TextWriter.append(Int64(UInt32(truncatingIfNeeded: value)), to: &output)
    case (.sint32, .varint(let value)):
      // Zigzag: the sign is the lowest bit.
      let bits = UInt32(truncatingIfNeeded: value)
      TextWriter.append(Int64(Int32(bitPattern: bits >> 1) ^ -Int32(bitPattern: bits & 1)), to: &output)
    case (.fixed32, .fixed32(let value)): TextWriter.append(Int64(value), to: &output)
    case (.int64, .varint(let value)): quoted(Int64(bitPattern: value).description)
    case (.uint64, .varint(let value)), (.fixed64, .fixed64(let value)): quoted(value.description)
    case (.sfixed64, .fixed64(let value)): quoted(Int64(bitPattern: value).description)
    case (.double, .fixed64(let value)): write(Double(bitPattern: value))
    case (.bytes, .bytes(let bytes)): Base64.append(bytes, to: &output)
    case (.hex, .bytes(let bytes)): hex(bytes)
    case (.message(let message), .bytes(let bytes)): try write(bytes, message(), depth: depth + 1)
    default: throw MalformedProtobuf("a field has another wire type than its number says")
    }
  }

  private mutating func quoted(_ text: String) {
    output.append(UInt8(ascii: "\""))
    output.append(contentsOf: text.utf8)
    output.append(UInt8(ascii: "\""))
  }

  /// What JSON has no number for is a string, as protobuf's JSON has it.
  private mutating func write(_ value: Double) {
    if value.isFinite { return TextWriter.append(value, to: &output) }
    quoted(value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity")
  }

  private mutating func hex(_ bytes: UnsafeRawBufferPointer) {
    output.append(UInt8(ascii: "\""))
    for byte in bytes {
      for digit in [byte >> 4, byte & 15] { output.append(digit < 10 ? 0x30 + digit : 0x57 + digit) }
    }
    output.append(UInt8(ascii: "\""))
  }
}
