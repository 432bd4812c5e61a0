extension [UInt8] {
  /// Appends the integer, little-endian.
  @inlinable
  public mutating func append<T: FixedWidthInteger>(integer value: T) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }

  /// Appends the byte count as 32 bits, then the bytes.
  public mutating func append(counted bytes: some Collection<UInt8>) {
    append(integer: UInt32(bytes.count))
    append(contentsOf: bytes)
  }

  /// Appends the UTF-8 of the text with its count.
  public mutating func append(counted text: String) {
    append(counted: text.utf8)
  }

  /// Appends the count of the view's bytes as 32 bits, all ones for null, then the bytes.
  @inlinable
  public mutating func append(view: ByteView) {
    append(integer: view.isNull ? UInt32.max : UInt32(view.count))
    append(contentsOf: view.buffer)
  }
}

/// Reads what `append(integer:)` and `append(counted:)` wrote. Every read is checked against the end.
public struct ByteReader {
  @usableFromInline
  var rest: UnsafeRawBufferPointer

  /// A reader over the bytes, which must stay valid while it is used.
  public init(_ bytes: UnsafeRawBufferPointer) { rest = bytes }

  /// Whether everything was read.
  public var isAtEnd: Bool { rest.isEmpty }
  /// Bytes that were not read yet.
  public var remaining: Int { rest.count }

  /// The next integer. Throws `StateFormatError` at the end.
  @inlinable
  public mutating func integer<T: FixedWidthInteger>(_ type: T.Type = T.self) throws -> T {
    let bytes = try take(MemoryLayout<T>.size)
    return T(littleEndian: bytes.loadUnaligned(as: T.self))
  }

  /// The next `count` bytes, borrowed.
  @inlinable
  public mutating func take(_ count: Int) throws -> UnsafeRawBufferPointer {
    guard count >= 0, count <= rest.count else { throw StateFormatError("\(count) bytes expected, \(rest.count) left") }
    let result = UnsafeRawBufferPointer(rebasing: rest[..<count])
    rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    return result
  }

  /// Bytes that were appended with their count.
  public mutating func counted() throws -> [UInt8] {
    let count = Int(try integer(UInt32.self))
    return [UInt8](try take(count))
  }

  /// Text that was appended with its count.
  public mutating func text() throws -> String {
    String(decoding: try counted(), as: UTF8.self)
  }

  /// What was appended as a view, borrowed.
  @inlinable
  public mutating func view() throws -> ByteView {
    let count = try integer(UInt32.self)
    return count == .max ? .null : try view(Int(count))
  }

  /// The next `count` bytes as a view, borrowed.
  @inlinable
  public mutating func view(_ count: Int) throws -> ByteView {
    let bytes = try take(count)
    // An empty text is not null, and points somewhere.
    guard count > 0, let start = bytes.baseAddress else { return ByteView(base: RecordBatch.emptyBytes, count: 0) }
    return ByteView(base: start.assumingMemoryBound(to: UInt8.self), count: count)
  }
}
