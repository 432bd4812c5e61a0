internal import Glibc

/// The different texts of a column, when they are few. Owns its memory, which is used again for every column; keep one per thread.
final class TextDictionary {
  private static let limit = 255
  private static let slots = 1024
  /// So many rows are looked at before a column is given up that repeats too little.
  private static let trial = 96

  /// Each text once, in the order in which they were met; the first `count` of them.
  let entries = UnsafeMutablePointer<ByteView>.allocate(capacity: limit)
  /// Which entry a row has.
  let indexes = UnsafeMutablePointer<UInt8>.allocate(capacity: RecordBatch.capacity)
  /// How many entries there are.
  private(set) var count = 0
  /// The entry at a slot, from 1; 0 is free.
  private let table = UnsafeMutablePointer<UInt8>.allocate(capacity: slots)

  deinit {
    entries.deallocate()
    indexes.deallocate()
    table.deallocate()
  }

  /// Finds the different texts, and which row has which. False when they are too many to be worth it. O(rows).
  func fill(_ texts: UnsafeMutablePointer<ByteView>, _ rows: Int) -> Bool {
    table.update(repeating: 0, count: Self.slots)
    count = 0
    var last = 0
    for row in 0..<rows {
      let text = texts[row]
      if count == 0 || !Self.areEqual(entries[last], text) {
        var slot = Self.hash(text) & (Self.slots - 1)
        while table[slot] != 0, !Self.areEqual(entries[Int(table[slot]) - 1], text) { slot = (slot + 1) & (Self.slots - 1) }
        if table[slot] == 0 {
          guard count < Self.limit, row < Self.trial || count * 4 < row else { return false }
          entries[count] = text
          count += 1
          table[slot] = UInt8(truncatingIfNeeded: count)
        }
        last = Int(table[slot]) - 1
      }
      indexes[row] = UInt8(truncatingIfNeeded: last)
    }
    return true
  }

  private static func hash(_ text: ByteView) -> Int {
    var mixed = text.prefix &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: text.count)
    if text.count > 8, let base = text.base {
      mixed ^= UnsafeRawPointer(base).loadUnaligned(fromByteOffset: text.count - 8, as: UInt64.self) &* 0xC2B2_AE3D_27D4_EB4F
    }
    mixed = (mixed ^ mixed >> 32) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: mixed >> 40)
  }

  private static func areEqual(_ a: ByteView, _ b: ByteView) -> Bool {
    guard a.count == b.count, let left = a.base, let right = b.base else { return a.isNull && b.isNull }
    return left == right || memcmp(left, right, a.count) == 0
  }
}
