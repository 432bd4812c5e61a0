internal import Synchronization

/// A reference-counted block of bytes that batches borrow views from. Freed blocks of the standard size are kept for reuse.
///
/// `@unchecked Sendable`: the bytes are written only by the one owner that is filling the block, and a filled range is never written again.
public final class MemoryBlock: @unchecked Sendable {
  /// Usable bytes of a standard block. 64 more readable bytes follow every block, so that SIMD loads may run past the end.
  public static let standardSize = 256 << 10
  @usableFromInline static let padding = 64

  /// The first byte.
  public let base: UnsafeMutablePointer<UInt8>
  /// Bytes that fit.
  public let capacity: Int
  /// Where a standard block goes back to.
  private let pool: BlockPool?

  /// A block of at least `minimum` bytes.
  public init(minimum: Int = MemoryBlock.standardSize) {
    if minimum <= Self.standardSize {
      let pool = BatchBuffers.blocks
      self.pool = pool
      capacity = Self.standardSize
      base = pool.take() ?? .allocate(capacity: Self.standardSize + Self.padding)
    } else {
      pool = nil
      capacity = minimum
      base = .allocate(capacity: minimum + Self.padding)
    }
    (base + capacity).initialize(repeating: 0, count: Self.padding)
  }

  deinit {
    if let pool { pool.give(base) } else { base.deallocate() }
  }
}

/// Keeps up to 32 standard blocks (8 MiB) of one thread for reuse, whoever frees them: the thread that filled and read a block has it in its cache.
final class BlockPool: Sendable {
  private static let limit = 32

  private struct Free: @unchecked Sendable {  // raw memory without an owner: whoever takes it owns it alone
    var blocks: [UnsafeMutablePointer<UInt8>] = []
  }
  private let free = Mutex(Free())

  func take() -> UnsafeMutablePointer<UInt8>? {
    free.withLock { $0.blocks.popLast() }
  }

  deinit { for block in free.withLock({ $0.blocks }) { block.deallocate() } }

  func give(_ block: UnsafeMutablePointer<UInt8>) {
    let kept = free.withLock { free in
      guard free.blocks.count < Self.limit else { return false }
      free.blocks.append(block)
      return true
    }
    if !kept { block.deallocate() }
  }
}
