package import Dataflow

/// A record of a topic, as it lies in a frame: the same bytes in a staged epoch, in a segment and in memory.
///
/// ```
/// size u32 │ timestamp i64 │ key i32 │ value i32 │ headers u16 │ key … │ value … │ (name u16, value i32, name …, value …)*
/// ```
/// `size` counts what follows it. A length of -1 is null. All integers are little-endian.
package struct TopicRecord {
  /// Bytes before the key.
  static let prefix = 22

  /// Nanoseconds since 1970, or `RecordBatch.noTime`.
  package var timestamp: Int64
  package var key: ByteView
  package var value: ByteView
  /// How many headers `headerBytes` holds.
  package var headerCount: Int
  package var headerBytes: UnsafeRawBufferPointer
  /// Where it goes, when its writer said so; nil when its key says it.
  package var partition: Int?

  /// Takes the record apart that begins at `cursor` and moves the cursor behind it. Nil when it does not lie within the bytes.
  package init?(_ bytes: UnsafeRawBufferPointer, _ cursor: inout Int) {
    guard bytes.count - cursor >= Self.prefix, let base = bytes.baseAddress else { return nil }
    let start = base + cursor
    let size = Int(UInt32(littleEndian: start.loadUnaligned(as: UInt32.self)))
    guard size >= Self.prefix - 4, size <= bytes.count - cursor - 4 else { return nil }
    timestamp = Int64(littleEndian: start.loadUnaligned(fromByteOffset: 4, as: Int64.self))
    let keyCount = Int(Int32(littleEndian: start.loadUnaligned(fromByteOffset: 12, as: Int32.self)))
    let valueCount = Int(Int32(littleEndian: start.loadUnaligned(fromByteOffset: 16, as: Int32.self)))
    headerCount = Int(UInt16(littleEndian: start.loadUnaligned(fromByteOffset: 20, as: UInt16.self)))
    let contents = start + Self.prefix
    let tail = max(0, keyCount) + max(0, valueCount)
    let room = size + 4 - Self.prefix
    guard keyCount >= -1, valueCount >= -1, tail <= room, headerCount > 0 || tail == room else { return nil }
    let text = contents.assumingMemoryBound(to: UInt8.self)
    key = keyCount < 0 ? .null : ByteView(base: text, count: keyCount)
    value = valueCount < 0 ? .null : ByteView(base: text + max(0, keyCount), count: valueCount)
    headerBytes = UnsafeRawBufferPointer(start: contents + tail, count: room - tail)
    cursor += size + 4
  }

  /// The headers in order, or nil when they do not fill their bytes exactly.
  package var headers: [(name: ByteView, value: ByteView)]? {
    var list: [(ByteView, ByteView)] = []
    list.reserveCapacity(headerCount)
    var at = 0
    for _ in 0..<headerCount {
      guard headerBytes.count - at >= 6, let base = headerBytes.baseAddress else { return nil }
      let name = Int(UInt16(littleEndian: (base + at).loadUnaligned(as: UInt16.self)))
      let value = Int(Int32(littleEndian: (base + at + 2).loadUnaligned(as: Int32.self)))
      at += 6
      guard value >= -1, name + max(0, value) <= headerBytes.count - at else { return nil }
      let text = (base + at).assumingMemoryBound(to: UInt8.self)
      list.append((ByteView(base: text, count: name), value < 0 ? .null : ByteView(base: text + name, count: value)))
      at += name + max(0, value)
    }
    return at == headerBytes.count ? list : nil
  }

  /// Appends a record. O(bytes).
  package static func append(timestamp: Int64, key: ByteView, value: ByteView, to output: inout [UInt8]) {
    let start = begin(timestamp: timestamp, key: key, to: &output)
    output.append(contentsOf: value.buffer)
    finish(start, valueCount: value.isNull ? -1 : value.count, headers: 0, in: &output)
  }

  /// Begins a record: the caller appends the value's bytes, then headers, and calls `finish`. Returns where the record starts.
  package static func begin(timestamp: Int64, key: ByteView, to output: inout [UInt8]) -> Int {
    let start = output.count
    output.append(contentsOf: repeatElement(0, count: prefix))
    output.withUnsafeMutableBytes { bytes in
      bytes.storeBytes(of: timestamp.littleEndian, toByteOffset: start + 4, as: Int64.self)
      bytes.storeBytes(of: (key.isNull ? -1 : Int32(clamping: key.count)).littleEndian, toByteOffset: start + 12, as: Int32.self)
    }
    output.append(contentsOf: key.buffer)
    return start
  }

  /// Ends the record that began at `start`. `valueCount` is -1 for null.
  package static func finish(_ start: Int, valueCount: Int, headers: Int, in output: inout [UInt8]) {
    let size = UInt32(clamping: output.count - start - 4)
    output.withUnsafeMutableBytes { bytes in
      bytes.storeBytes(of: size.littleEndian, toByteOffset: start, as: UInt32.self)
      bytes.storeBytes(of: Int32(clamping: valueCount).littleEndian, toByteOffset: start + 16, as: Int32.self)
      bytes.storeBytes(of: UInt16(clamping: headers).littleEndian, toByteOffset: start + 20, as: UInt16.self)
    }
  }

  /// Appends one header of the record that is being written.
  package static func append(header name: [UInt8], _ value: ByteView, to output: inout [UInt8]) {
    output.append(integer: UInt16(clamping: name.count))
    output.append(integer: value.isNull ? -1 : Int32(clamping: value.count))
    output.append(contentsOf: name.prefix(Int(UInt16.max)))
    output.append(contentsOf: value.buffer)
  }
}
