/// Walks the fields of one protobuf message on the wire (protobuf.dev/programming-guides/encoding), without knowing its schema.
///
/// Reads only inside its bytes. Throws `MalformedProtobuf` at the first byte that cannot be right; groups, which no OTLP message has, are refused.
struct WireReader {
  /// A field: its number and its content, uninterpreted.
  struct Field {
    enum Content {
      case varint(UInt64)
      case fixed64(UInt64)
      case fixed32(UInt32)
      /// A string, bytes, a message or a packed list.
      case bytes(UnsafeRawBufferPointer)
    }
    let number: Int
    let content: Content
  }

  private let bytes: UnsafeRawBufferPointer
  private var index = 0
  /// How much was read.
  var offset: Int { index }

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isAtEnd: Bool { index == bytes.count }

  /// The next field, or nil at the end.
  @inline(__always)
  mutating func next() throws(MalformedProtobuf) -> Field? {
    if isAtEnd { return nil }
    let key = try varint()
    guard key >= 8, key >> 3 <= 536_870_911 else { throw MalformedProtobuf("a field number is out of range") }
    let number = Int(key >> 3)
    switch key & 7 {
    case 0: return Field(number: number, content: .varint(try varint()))
    case 1: return Field(number: number, content: .fixed64(try fixed(UInt64.self)))
    case 2:
      let count = try varint()
      guard count <= UInt64(bytes.count - index) else { throw MalformedProtobuf("field \(number) ends behind its message") }
      defer { index += Int(count) }
      return Field(number: number, content: .bytes(UnsafeRawBufferPointer(rebasing: bytes[index..<index + Int(count)])))
    case 5: return Field(number: number, content: .fixed32(try fixed(UInt32.self)))
    default: throw MalformedProtobuf("field \(number) has wire type \(key & 7)")
    }
  }

  /// A number of seven bits a byte, the lowest first; ten bytes at most.
  @inline(__always)
  mutating func varint() throws(MalformedProtobuf) -> UInt64 {
    // Most are short: keys, lengths, enumerations.
    if index < bytes.count, bytes[index] < 0x80 {
      index += 1
      return UInt64(bytes[index - 1])
    }
    return try longVarint()
  }

  private mutating func longVarint() throws(MalformedProtobuf) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      if shift == 63, byte > 1 { break }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
      if shift > 63 { break }
    }
    throw MalformedProtobuf("a number does not end")
  }

  /// A little-endian number of fixed length.
  mutating func fixed<Value: FixedWidthInteger>(_ type: Value.Type) throws(MalformedProtobuf) -> Value {
    let count = MemoryLayout<Value>.size
    guard bytes.count - index >= count else { throw MalformedProtobuf("a number does not end") }
    defer { index += count }
    return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: Value.self))
  }
}

/// Bytes that are no protobuf message of the kind that was expected.
package struct MalformedProtobuf: Error, CustomStringConvertible {
  package let description: String
  init(_ description: String) { self.description = description }
}
