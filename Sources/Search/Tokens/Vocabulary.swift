/// The pieces of words that a model knows, and their numbers: `vocab.txt`, one piece a line, numbered from 0.
///
/// Pieces are compared byte by byte. A dictionary of `String` would hold canonically equal pieces for the same one, and allocate for each question.
struct Vocabulary: Sendable {
  private let bytes: [UInt8]
  /// Where piece i begins; one more entry than there are pieces.
  private let starts: [Int32]
  /// Open addressing, a power of two in size, at most half full: numbers of pieces, -1 for none.
  private let slots: [Int32]

  var count: Int { starts.count - 1 }

  init(lines text: [UInt8]) {
    var bytes: [UInt8] = []
    var starts: [Int32] = [0]
    bytes.reserveCapacity(text.count)
    for line in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      bytes.append(contentsOf: line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
      starts.append(Int32(bytes.count))
    }
    // The file ends with a line end, after which there is no piece.
    if text.last == UInt8(ascii: "\n") { starts.removeLast() }
    var size = 16
    while size < starts.count * 2 { size *= 2 }
    var slots = [Int32](repeating: -1, count: size)
    bytes.withUnsafeBytes { buffer in
      for piece in 0..<(starts.count - 1) {
        let range = Int(starts[piece])..<Int(starts[piece + 1])
        var slot = Self.hash(UnsafeRawBufferPointer(rebasing: buffer[range])) & (size - 1)
        while slots[slot] >= 0 { slot = (slot + 1) & (size - 1) }
        slots[slot] = Int32(piece)
      }
    }
    (self.bytes, self.starts, self.slots) = (bytes, starts, slots)
  }

  /// The number of a piece, or nil. O(its bytes).
  func number(of piece: UnsafeRawBufferPointer) -> Int32? {
    var slot = Self.hash(piece) & (slots.count - 1)
    while slots[slot] >= 0 {
      let found = slots[slot]
      let range = Int(starts[Int(found)])..<Int(starts[Int(found) + 1])
      if range.count == piece.count, bytes[range].elementsEqual(piece) { return found }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  func number(of piece: String) -> Int32? {
    var piece = piece
    return piece.withUTF8 { number(of: UnsafeRawBufferPointer($0)) }
  }

  /// FNV-1a.
  private static func hash(_ bytes: UnsafeRawBufferPointer) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return Int(truncatingIfNeeded: hash ^ (hash >> 29)) & Int.max
  }
}
