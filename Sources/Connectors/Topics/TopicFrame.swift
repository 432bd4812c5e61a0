internal import CScan
internal import Dataflow

/// The head of a frame: a few records that were appended together, and the check over all of it.
///
/// ```
/// crc u32 │ size u32 │ version u8, 0 0 0 │ records u32 │ first offset i64 │ newest timestamp i64 │ records …
/// └ CRC-32C of all that follows       └ `size` counts what follows it
/// ```
package struct TopicFrame: Equatable {
  /// Bytes of the head.
  package static let headSize = 32
  static let version: UInt8 = 1
  /// The most bytes a frame may claim: a record at its limit, and its head.
  static let maxSize = (TopicLimits.recordBytes + (1 << 20))

  /// Of the whole frame.
  package var size: Int
  package var records: Int
  package var firstOffset: Int64
  /// Of its records; `Int64.min` when none has a time.
  package var newestTimestamp: Int64

  /// Why bytes are no frame.
  package enum Fault: Equatable {
    /// The bytes end before the frame does.
    case short
    case badCheck
    case badHead(String)
  }

  /// Reads the head at the start of the bytes and checks the whole frame. Pure, O(size).
  package static func read(_ bytes: UnsafeRawBufferPointer) -> Result<TopicFrame, FaultError> {
    switch size(bytes) {
    case .failure(let fault): return .failure(fault)
    case .success(let size):
      guard size <= bytes.count, let base = bytes.baseAddress else { return .failure(.init(.short)) }
      let check = UInt32(littleEndian: base.loadUnaligned(as: UInt32.self))
      guard cscan_crc32c(0, base + 4, size - 4) == check else { return .failure(.init(.badCheck)) }
      guard bytes[8] == version else { return .failure(.init(.badHead("version \(bytes[8])"))) }
      return .success(
        TopicFrame(
          size: size, records: Int(UInt32(littleEndian: base.loadUnaligned(fromByteOffset: 12, as: UInt32.self))),
          firstOffset: Int64(littleEndian: base.loadUnaligned(fromByteOffset: 16, as: Int64.self)),
          newestTimestamp: Int64(littleEndian: base.loadUnaligned(fromByteOffset: 24, as: Int64.self))))
    }
  }

  /// The size that the frame claims, unchecked but within bounds.
  static func size(_ bytes: UnsafeRawBufferPointer) -> Result<Int, FaultError> {
    guard bytes.count >= headSize, let base = bytes.baseAddress else { return .failure(.init(.short)) }
    let size = 8 + Int(UInt32(littleEndian: base.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
    guard size >= headSize, size <= maxSize else { return .failure(.init(.badHead("a frame of \(size) bytes"))) }
    return .success(size)
  }

  /// `Fault` as an error, so that `Result` can carry it.
  package struct FaultError: Error, Equatable {
    package var fault: Fault
    init(_ fault: Fault) { self.fault = fault }
  }
}

/// Sizes that hold for every topic of kind `local`.
package enum TopicLimits {
  /// Key, value and headers of one record: the engine's longest line, and room for its key.
  package static let recordBytes = 17 << 20
  /// A frame is closed when it has grown to this: with its head it fits into a block of memory.
  package static let frameBytes = 240 << 10
  /// A frame is closed at so many records: as many as a batch holds.
  package static let frameRecords = RecordBatch.capacity
}

/// Collects records of one partition into frames.
package struct TopicFrameWriter {
  /// Closed frames, one after the other.
  package private(set) var bytes: [UInt8] = []
  /// The offset that the next record gets.
  package private(set) var nextOffset: Int64
  private var start = 0
  private var records = 0
  private var newest = Int64.min

  /// Frames whose first record gets this offset.
  package init(nextOffset: Int64) { self.nextOffset = nextOffset }

  /// Adds an encoded `TopicRecord`, with its size in front. O(bytes).
  package mutating func append(_ record: UnsafeRawBufferPointer, timestamp: Int64) {
    if records > 0 && bytes.count - start + record.count > TopicLimits.frameBytes { close() }
    if records == 0 {
      start = bytes.count
      bytes.append(contentsOf: repeatElement(0, count: TopicFrame.headSize))
    }
    bytes.append(contentsOf: record)
    records += 1
    newest = max(newest, timestamp)
    if records == TopicLimits.frameRecords { close() }
  }

  /// Ends the frame that is being written, if there is one.
  package mutating func close() {
    guard records > 0 else { return }
    let (start, records, first, newest) = (start, records, nextOffset, newest)
    bytes.withUnsafeMutableBytes { all in
      let frame = UnsafeMutableRawBufferPointer(rebasing: all[start...])
      frame.storeBytes(of: UInt32(frame.count - 8).littleEndian, toByteOffset: 4, as: UInt32.self)
      frame.storeBytes(of: UInt32(TopicFrame.version).littleEndian, toByteOffset: 8, as: UInt32.self)
      frame.storeBytes(of: UInt32(records).littleEndian, toByteOffset: 12, as: UInt32.self)
      frame.storeBytes(of: first.littleEndian, toByteOffset: 16, as: Int64.self)
      frame.storeBytes(of: newest.littleEndian, toByteOffset: 24, as: Int64.self)
      let check = cscan_crc32c(0, frame.baseAddress.map { $0 + 4 }, frame.count - 4)
      frame.storeBytes(of: check.littleEndian, toByteOffset: 0, as: UInt32.self)
    }
    nextOffset += Int64(records)
    self.records = 0
    self.newest = .min
  }

  /// Ends the frame that is being written, hands all frames to the body, and forgets them. The memory is used again.
  package mutating func drain<T>(_ body: (UnsafeRawBufferPointer) throws -> T) rethrows -> T {
    close()
    defer { bytes.removeAll(keepingCapacity: true) }
    return try bytes.withUnsafeBytes(body)
  }
}
