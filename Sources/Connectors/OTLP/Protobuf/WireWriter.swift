/// Writes protobuf messages: the counterpart of `WireReader`. Fields appear in the order of the calls, zeros and empty values included.
package struct WireWriter {
  /// What was written so far.
  package private(set) var bytes: [UInt8] = []

  package init() {}

  /// A number of seven bits a byte (bool, enum, int32, int64, uint32, uint64).
  package mutating func append(_ number: Int, varint value: UInt64) {
    append(UInt64(number) << 3)
    append(value)
  }

  /// Eight bytes (fixed64, sfixed64).
  package mutating func append(_ number: Int, fixed64 value: UInt64) {
    append(UInt64(number) << 3 | 1)
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// A double.
  package mutating func append(_ number: Int, double value: Double) { append(number, fixed64: value.bitPattern) }

  /// A string, bytes or a finished message.
  package mutating func append(_ number: Int, _ content: [UInt8]) {
    append(UInt64(number) << 3 | 2)
    append(UInt64(content.count))
    bytes.append(contentsOf: content)
  }

  /// A string.
  package mutating func append(_ number: Int, _ text: String) { append(number, Array(text.utf8)) }

  /// A message that is written by the body.
  package mutating func append(_ number: Int, _ body: (inout WireWriter) -> Void) {
    var message = WireWriter()
    body(&message)
    append(number, message.bytes)
  }

  /// A field that was written by somebody else, with its number.
  mutating func append(raw field: UnsafeRawBufferPointer) { bytes.append(contentsOf: field) }

  /// A packed list of numbers.
  package mutating func append(_ number: Int, packed values: [UInt64]) {
    append(number) { list in for value in values { list.append(value) } }
  }

  private mutating func append(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
