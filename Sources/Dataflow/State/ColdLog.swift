internal import Synchronization

/// Variable-length values that are written once and read rarely: template text, samples, the bytes of keys.
///
/// Append-only: a value is known by its offset, and a checkpoint writes only what came since the last complete one. Values of dropped
/// rows stay until the log is dropped with its pane.
public final class ColdLog {
  /// A value never straddles two chunks, so it can be read in place. Larger values get a chunk of their own size.
  package static let chunkBytes = 64 << 10

  package final class Chunk: @unchecked Sendable {  // bytes below `used` at the time of a snapshot are never written again
    let base: UnsafeMutablePointer<UInt8>
    let capacity: Int
    let start: Int
    var used = 0
    init(capacity: Int, start: Int) {
      base = .allocate(capacity: capacity)
      self.capacity = capacity
      self.start = start
    }
    deinit { base.deallocate() }
  }

  private var chunks: [Chunk] = []
  private let base = CompletedLength()
  /// The offset that the next value gets.
  public private(set) var count = 0

  /// An empty log.
  public init() {}

  /// Appends the bytes and answers with their offset.
  @inline(__always)
  public func append(_ bytes: UnsafePointer<UInt8>?, _ length: Int) -> Int {
    let target = reserve(length)
    if let bytes { (target.base + target.used).update(from: bytes, count: length) }
    target.used += length
    let offset = count
    count += length
    return offset
  }

  /// Appends the bytes and answers with their offset.
  public func append(_ bytes: [UInt8]) -> Int {
    bytes.withUnsafeBufferPointer { append($0.baseAddress, $0.count) }
  }

  private func reserve(_ length: Int) -> Chunk {
    if let last = chunks.last, last.used + length <= last.capacity { return last }
    let chunk = Chunk(capacity: max(Self.chunkBytes, length), start: count)
    chunks.append(chunk)
    return chunk
  }

  /// The value's bytes, valid as long as the log.
  public func view(_ offset: Int, _ length: Int) -> ByteView {
    guard length > 0 else { return ByteView(base: RecordBatch.emptyBytes, count: 0) }
    // Last chunk whose start is at or before the offset.
    var low = 0
    var high = chunks.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if chunks[middle].start <= offset { low = middle } else { high = middle - 1 }
    }
    return ByteView(base: chunks[low].base + (offset - chunks[low].start), count: length)
  }

  /// Appends a whole log that was saved, and answers with what must be added to its offsets.
  package func append(log parts: [[UInt8]]) -> Int {
    let start = count
    let total = parts.reduce(0) { $0 + $1.count }
    guard total > 0 else { return start }
    // One chunk for all of it: values of the saved log may straddle this log's chunk borders.
    let chunk = Chunk(capacity: total, start: start)
    for part in parts {
      part.withUnsafeBufferPointer { bytes in
        if let source = bytes.baseAddress { (chunk.base + chunk.used).update(from: source, count: bytes.count) }
      }
      chunk.used += part.count
    }
    chunks.append(chunk)
    count += total
    return start
  }

  package func snapshot() -> LogSnapshot {
    LogSnapshot(chunks: chunks.map { ($0, $0.used) }, end: count, base: base)
  }
}

/// How much of a log stands in a complete checkpoint.
package final class CompletedLength: Sendable {
  private let value = Atomic<Int>(0)
  package var length: Int { value.load(ordering: .acquiring) }
  package func complete(_ length: Int) { value.store(length, ordering: .releasing) }
}

/// A log as it was at a barrier: a length. The bytes below it never change.
package final class LogSnapshot: LazySection {
  private let chunks: [(chunk: ColdLog.Chunk, used: Int)]
  private let end: Int
  private let base: CompletedLength

  init(chunks: [(ColdLog.Chunk, Int)], end: Int, base: CompletedLength) {
    self.chunks = chunks
    self.end = end
    self.base = base
  }

  package var isFull: Bool { base.length == 0 }

  package func encode(full: Bool, _ emit: (UnsafeRawBufferPointer) throws -> Void) throws {
    let from = full ? 0 : base.length
    for (chunk, used) in chunks where chunk.start + used > from {
      let skip = max(0, from - chunk.start)
      try emit(UnsafeRawBufferPointer(start: chunk.base + skip, count: used - skip))
    }
  }

  package func completed() { base.complete(end) }
  package func abandon() {}
}
