/// A protobuf message on the wire as its fields by number: for small answers, where a pass of one's own would be longer than what it reads.
struct WireFields {
  private enum Value {
    case number(UInt64)
    case bytes([UInt8])
  }
  private var values: [Int: [Value]] = [:]

  init(_ bytes: [UInt8]) throws(MalformedProtobuf) {
    var found: [Int: [Value]] = [:]
    try Self.reading(bytes) { bytes throws(MalformedProtobuf) in
      var reader = WireReader(bytes)
      while let field = try reader.next() {
        let value: Value =
          switch field.content {
          case .varint(let number), .fixed64(let number): .number(number)
          case .fixed32(let number): .number(UInt64(number))
          case .bytes(let bytes): .bytes(Array(bytes))
          }
        found[field.number, default: []].append(value)
      }
    }
    values = found
  }

  /// The last one of that number; 0 when there is none.
  func number(_ number: Int) -> UInt64 {
    if case .number(let value) = values[number]?.last { value } else { 0 }
  }

  /// A list of numbers of seven bits a byte, packed or not.
  func numbers(_ number: Int) throws(MalformedProtobuf) -> [UInt64] {
    var list: [UInt64] = []
    for value in values[number] ?? [] {
      switch value {
      case .number(let number): list.append(number)
      case .bytes(let packed):
        list += try Self.reading(packed) { bytes throws(MalformedProtobuf) in
          var (reader, numbers) = (WireReader(bytes), [UInt64]())
          while !reader.isAtEnd { numbers.append(try reader.varint()) }
          return numbers
        }
      }
    }
    return list
  }

  /// A list of floats, packed or not.
  func floats(_ number: Int) throws(MalformedProtobuf) -> [Float] {
    var list: [Float] = []
    for value in values[number] ?? [] {
      switch value {
      case .number(let bits): list.append(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
      case .bytes(let packed):
        list += try Self.reading(packed) { bytes throws(MalformedProtobuf) in
          var (reader, floats) = (WireReader(bytes), [Float]())
          while !reader.isAtEnd { floats.append(Float(bitPattern: try reader.fixed(UInt32.self))) }
          return floats
        }
      }
    }
    return list
  }

  /// All texts, bytes or messages of that number.
  func contents(_ number: Int) -> [[UInt8]] {
    (values[number] ?? []).compactMap { if case .bytes(let bytes) = $0 { bytes } else { nil } }
  }

  /// All texts of that number.
  func texts(_ number: Int) -> [String] { contents(number).map { String(decoding: $0, as: UTF8.self) } }

  /// The last text of that number; empty when there is none.
  func text(_ number: Int) -> String { texts(number).last ?? "" }

  /// All messages of that number.
  func messages(_ number: Int) throws(MalformedProtobuf) -> [WireFields] {
    var list: [WireFields] = []
    for bytes in contents(number) { list.append(try WireFields(bytes)) }
    return list
  }

  /// The message of that number, its pieces put together; an empty one when there is none.
  func message(_ number: Int) throws(MalformedProtobuf) -> WireFields { try WireFields(Array(contents(number).joined())) }

  /// The standard library's `withUnsafeBytes` does not keep the type of an error.
  private static func reading<Value>(
    _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(MalformedProtobuf) -> Value
  ) throws(MalformedProtobuf) -> Value {
    let result = bytes.withUnsafeBytes { bytes in
      do throws(MalformedProtobuf) { return Result<Value, MalformedProtobuf>.success(try body(bytes)) } catch { return .failure(error) }
    }
    return try result.get()
  }
}
