#if Avro
internal import Avro
internal import Dataflow
internal import Glibc

/// Reads Avro's binary encoding. Every read is checked against the end; what is wrong is an `AvroFault`.
struct AvroBytes {
  let base: UnsafePointer<UInt8>
  private(set) var at = 0
  let count: Int

  init(_ base: UnsafePointer<UInt8>, count: Int) {
    self.base = base
    self.count = count
  }

  /// A zigzag varint of at most ten bytes.
  @inline(__always)
  mutating func long() throws(AvroFault) -> Int64 {
    var (result, shift, at): (UInt64, UInt64, Int) = (0, 0, self.at)
    while at < count {
      let byte = base[at]
      at += 1
      if shift == 63 && byte > 1 { throw AvroFault.number }
      result |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 {
        self.at = at
        return Int64(bitPattern: result >> 1) ^ -Int64(bitPattern: result & 1)
      }
      shift += 7
      if shift > 63 { throw AvroFault.number }
    }
    throw AvroFault.short
  }

  /// Bytes with their count.
  @inline(__always)
  mutating func counted() throws(AvroFault) -> ByteView {
    let length = try long()
    guard length >= 0, length <= Int64(count - at) else { throw length < 0 ? AvroFault.length : AvroFault.short }
    return take(Int(length))
  }

  /// That many bytes.
  mutating func fixed(_ length: Int) throws(AvroFault) -> ByteView {
    guard length <= count - at else { throw AvroFault.short }
    return take(length)
  }

  private mutating func take(_ length: Int) -> ByteView {
    let start = base + at
    at += length
    return ByteView(base: start, count: length)
  }

  mutating func bool() throws(AvroFault) -> Bool {
    guard at < count else { throw AvroFault.short }
    guard base[at] <= 1 else { throw AvroFault.number }
    at += 1
    return base[at - 1] == 1
  }

  mutating func float() throws(AvroFault) -> Float {
    Float(bitPattern: UInt32(littleEndian: UnsafeRawPointer(try address(4)).loadUnaligned(as: UInt32.self)))
  }

  mutating func double() throws(AvroFault) -> Double {
    Double(bitPattern: UInt64(littleEndian: UnsafeRawPointer(try address(8)).loadUnaligned(as: UInt64.self)))
  }

  private mutating func address(_ length: Int) throws(AvroFault) -> UnsafePointer<UInt8> {
    guard length <= count - at else { throw AvroFault.short }
    at += length
    return base + at - length
  }

  /// The number of items in the next block of an array or map; 0 at its end. An item of no bytes is refused: it would cost nothing to lie.
  mutating func block() throws(AvroFault) -> Int {
    var items = try long()
    if items < 0 {
      guard items != .min else { throw AvroFault.length }
      items = -items
      guard try long() >= 0 else { throw AvroFault.length }
    }
    guard items <= Int64(count - at) else { throw AvroFault.short }
    return Int(items)
  }

  /// Which branch of a union, or symbol of an enum.
  mutating func index(below limit: Int) throws(AvroFault) -> Int {
    let index = try long()
    guard index >= 0, index < Int64(limit) else { throw AvroFault.index }
    return Int(index)
  }

  /// Passes over a value.
  mutating func skip(_ type: AvroType) throws(AvroFault) {
    switch type {
    case .null: return
    case .boolean: _ = try bool()
    case .int, .long: _ = try long()
    case .float: _ = try address(4)
    case .double: _ = try address(8)
    case .bytes, .string: _ = try counted()
    case .enumeration(_, let symbols): _ = try index(below: symbols.count)
    case .fixed(_, let size): _ = try fixed(size)
    case .union(let branches): try skip(branches[try index(below: branches.count)])
    case .record(let record): for field in record.fields { try skip(field.type) }
    case .array(let items):
      while case let count = try block(), count > 0 { for _ in 0..<count { try skip(items) } }
    case .map(let values):
      while case let count = try block(), count > 0 {
        for _ in 0..<count {
          _ = try counted()
          try skip(values)
        }
      }
    }
  }
}

/// What is wrong with bytes that should be an Avro record.
enum AvroFault: String, Error {
  case short = "the record ends too early"
  case number = "a number is malformed"
  case length = "a length is negative"
  case index = "a union's branch or an enum's symbol does not exist"
  case rest = "bytes follow the record"
}

extension [UInt8] {
  /// Appends a zigzag varint.
  mutating func append(avro value: Int64) {
    var rest = UInt64(bitPattern: value << 1) ^ UInt64(bitPattern: value >> 63)
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(truncatingIfNeeded: rest))
  }

  /// Appends bytes with their count.
  mutating func append(avro bytes: UnsafeBufferPointer<UInt8>) {
    append(avro: Int64(bytes.count))
    append(contentsOf: bytes)
  }

  /// Appends text with its count. Other tools refuse what is no UTF-8: it is repaired to U+FFFD.
  mutating func append(avroText text: UnsafeBufferPointer<UInt8>) {
    let raw = UnsafeRawBufferPointer(text)
    var at = 0
    while at + 8 <= raw.count, raw.loadUnaligned(fromByteOffset: at, as: UInt64.self) & 0x8080_8080_8080_8080 == 0 { at += 8 }
    while at < raw.count, raw[at] < 0x80 { at += 1 }
    if at == raw.count { return append(avro: text) }
    let valid = Array(String(decoding: text, as: UTF8.self).utf8)
    valid.withUnsafeBufferPointer { append(avro: $0) }
  }
}
#endif
