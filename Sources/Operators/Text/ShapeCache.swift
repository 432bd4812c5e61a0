internal import Dataflow

/// Remembers the written forms of the shapes seen lately: the id in 32 hexadecimal digits and the template.
///
/// A known shape costs one look-up and no copy: the views point into blocks that the batch retains. When the cache is full it starts
/// afresh, and blocks that batches still use live on until those are done. Memory: at most `capacity` shapes of 32 bytes, plus their text.
final class ShapeCache {
  /// Shapes of one generation.
  static let capacity = 1 << 16

  /// One slot of the table; empty when `text` is nil.
  private struct Slot {
    var shape: KeyHash
    /// The id, 32 bytes, with the template right behind.
    var text: UnsafePointer<UInt8>?
    var templateCount: UInt32
    var block: UInt32
  }

  private var slots: UnsafeMutablePointer<Slot>
  private var mask: Int
  private(set) var count = 0
  private var blocks: [MemoryBlock] = []
  private var blockUsed = 0
  /// For each block the last batch that retained it.
  private var retainedBy: [UInt64] = []
  private var batchNumber: UInt64 = 0
  private let limit: Int

  init(capacity: Int = ShapeCache.capacity) {
    limit = capacity
    mask = 1023
    slots = Self.table(mask + 1)
  }

  deinit { slots.deallocate() }

  private static func table(_ count: Int) -> UnsafeMutablePointer<Slot> {
    let slots = UnsafeMutablePointer<Slot>.allocate(capacity: count)
    slots.initialize(repeating: Slot(shape: KeyHash(high: 0, low: 0), text: nil, templateCount: 0, block: 0), count: count)
    return slots
  }

  /// What follows is looked up for another batch.
  func beginBatch() { batchNumber += 1 }

  /// The id and the template of a shape. `template` makes the text of a shape that is not known; it is called at most once a shape and generation.
  @inline(__always)
  func find(_ shape: KeyHash, for batch: RecordBatch, template: () -> [UInt8]) -> (id: ByteView, template: ByteView) {
    var i = Int(truncatingIfNeeded: shape.low) & mask
    while let text = slots[i].text {
      if slots[i].shape == shape {
        retain(Int(slots[i].block), for: batch)
        return (ByteView(base: text, count: 32), ByteView(base: text + 32, count: Int(slots[i].templateCount)))
      }
      i = (i + 1) & mask
    }
    return insert(shape, for: batch, template())
  }

  @inline(__always)
  private func retain(_ block: Int, for batch: RecordBatch) {
    if retainedBy[block] == batchNumber { return }
    retainedBy[block] = batchNumber
    batch.retain(blocks[block])
  }

  private func insert(_ shape: KeyHash, for batch: RecordBatch, _ template: [UInt8]) -> (id: ByteView, template: ByteView) {
    if count >= limit { clear() }
    if count * 2 > mask { grow() }
    let text = allocate(32 + template.count)
    Self.write(shape, to: text)
    for (i, byte) in template.enumerated() { text[32 + i] = byte }
    let block = blocks.count - 1
    place(Slot(shape: shape, text: UnsafePointer(text), templateCount: UInt32(template.count), block: UInt32(block)))
    count += 1
    retain(block, for: batch)
    return (ByteView(base: text, count: 32), ByteView(base: text + 32, count: template.count))
  }

  private func place(_ slot: Slot) {
    var i = Int(truncatingIfNeeded: slot.shape.low) & mask
    while slots[i].text != nil { i = (i + 1) & mask }
    slots[i] = slot
  }

  private func grow() {
    let old = slots
    let oldCount = mask + 1
    mask = oldCount * 2 - 1
    slots = Self.table(mask + 1)
    for i in 0..<oldCount where old[i].text != nil { place(old[i]) }
    old.deallocate()
  }

  private func clear() {
    slots.deallocate()
    mask = 1023
    slots = Self.table(mask + 1)
    count = 0
    blocks = []
    retainedBy = []
    blockUsed = 0
  }

  private func allocate(_ bytes: Int) -> UnsafeMutablePointer<UInt8> {
    if blocks.isEmpty || blockUsed + bytes > blocks[blocks.count - 1].capacity {
      blocks.append(MemoryBlock(minimum: bytes))
      retainedBy.append(0)
      blockUsed = 0
    }
    let result = blocks[blocks.count - 1].base + blockUsed
    blockUsed += bytes
    return result
  }

  /// The id as 32 lower-case hexadecimal digits.
  static func write(_ shape: KeyHash, to text: UnsafeMutablePointer<UInt8>) {
    for i in 0..<32 {
      let word = i < 16 ? shape.high : shape.low
      let digit = UInt8(truncatingIfNeeded: word >> UInt64(60 - i % 16 * 4)) & 15
      text[i] = digit < 10 ? 0x30 + digit : 0x57 + digit
    }
  }
}
