internal import Glibc

/// Memory for the columns of batches: every thread keeps what it freed for the batches that it makes next.
///
/// A batch is mostly freed by another subtask than the one that made it. With `malloc` its memory would go back to the thread that allocated it,
/// and that thread would write into lines that lie in the other core's cache. Here it stays with the core that read it last. Subtasks send each
/// other about as much as they receive, so the lists stay short; what exceeds their limits is freed.
enum BatchBuffers {
  /// Usable bytes of a column's buffer: 1,024 views.
  static let columnBytes = RecordBatch.capacity * MemoryLayout<ByteView>.stride
  /// Where an eight-byte column keeps its null marks in the same buffer.
  static let nullsOffset = RecordBatch.capacity * 8 + lineBytes
  /// Distance between two arrays of one batch beyond their length: equal rows of all columns must not fall into the same set of the cache.
  static let lineBytes = 64

  /// What a thread has to give away.
  private final class Kept {
    var columns = FreeList(limit: 512)
    var frames = FreeList(limit: 48)
    let blocks = BlockPool()
  }

  private struct FreeList {
    private let buffers: UnsafeMutablePointer<UnsafeMutableRawPointer>
    private let limit: Int
    private var count = 0

    init(limit: Int) {
      self.limit = limit
      buffers = .allocate(capacity: limit)
    }

    @inline(__always)
    mutating func take() -> UnsafeMutableRawPointer? {
      guard count > 0 else { return nil }
      count -= 1
      return buffers[count]
    }

    @inline(__always)
    mutating func give(_ buffer: UnsafeMutableRawPointer) {
      guard count < limit else { return buffer.deallocate() }
      buffers[count] = buffer
      count += 1
    }

    mutating func free() {
      while let buffer = take() { buffer.deallocate() }
      buffers.deallocate()
    }
  }

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    let result = pthread_key_create(&key) { pointer in
      guard let pointer else { return }
      let kept = Unmanaged<Kept>.fromOpaque(pointer).takeRetainedValue()
      kept.columns.free()
      kept.frames.free()
    }
    precondition(result == 0, "could not make a thread-local value: error \(result)")
    return key
  }()

  private static var kept: Kept {
    if let pointer = pthread_getspecific(key) { return Unmanaged<Kept>.fromOpaque(pointer).takeUnretainedValue() }
    let kept = Kept()
    pthread_setspecific(key, Unmanaged.passRetained(kept).toOpaque())
    return kept
  }

  /// The blocks of this thread.
  static var blocks: BlockPool { kept.blocks }

  /// A buffer of `columnBytes`. Its content is undefined.
  static func takeColumn() -> UnsafeMutableRawPointer {
    kept.columns.take() ?? .allocate(byteCount: columnBytes + lineBytes, alignment: 64)
  }

  static func give(column: UnsafeMutableRawPointer) { kept.columns.give(column) }

  /// A buffer for the columns that every batch has. Its content is undefined.
  static func takeFrame() -> UnsafeMutableRawPointer {
    kept.frames.take() ?? .allocate(byteCount: Frame.bytes, alignment: 64)
  }

  static func give(frame: UnsafeMutableRawPointer) { kept.frames.give(frame) }

  /// Where the columns that every batch has begin in their common buffer.
  enum Frame {
    static let keys = 0
    static let raws = keys + array(MemoryLayout<KeyHash>.stride)
    static let times = raws + array(MemoryLayout<ByteView>.stride)
    static let offsets = times + array(8)
    static let ordinals = offsets + array(8)
    static let splits = ordinals + array(4)
    static let selection = splits + array(4)
    static let bytes = selection + array(2)

    private static func array(_ stride: Int) -> Int { RecordBatch.capacity * stride + lineBytes }
  }
}
