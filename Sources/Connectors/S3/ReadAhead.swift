internal import Synchronization

/// Bytes of objects that will be asked for soon: what follows the last read, and what was stored just now (a sink applies its rows from there).
///
/// Nothing is answered twice: who asks again did not like the first answer.
final class ReadAhead: Sendable {
  /// Bytes that one request reads.
  static let windowBytes = 8 << 20
  /// Bytes that are kept in all.
  private static let maxBytes = 32 << 20

  private struct Piece {
    var name: String
    var offset: Int
    var bytes: [UInt8]
    /// Everything before it was answered.
    var taken: Int
  }

  private let pieces = Mutex<[Piece]>([])

  /// Keeps the bytes that stand at an offset of an object, unless they are too many.
  ///
  /// - Parameter taken: how many of them were answered already.
  func note(_ name: String, _ bytes: [UInt8], offset: Int = 0, taken: Int = 0) {
    guard bytes.count > taken, bytes.count <= Self.maxBytes / 2 else { return }
    pieces.withLock { pieces in
      pieces.removeAll { $0.name == name && $0.offset == offset }
      pieces.append(Piece(name: name, offset: offset, bytes: bytes, taken: offset + taken))
      while pieces.reduce(0, { $0 + $1.bytes.count }) > Self.maxBytes { pieces.removeFirst() }
    }
  }

  /// The bytes, if all are here and were not answered before.
  func take(_ name: String, _ offset: Int, _ count: Int) -> [UInt8]? {
    pieces.withLock { pieces in
      guard let index = pieces.firstIndex(where: { $0.name == name && $0.offset <= offset && offset < $0.offset + $0.bytes.count }) else {
        return nil
      }
      let start = offset - pieces[index].offset
      guard offset >= pieces[index].taken, start + count <= pieces[index].bytes.count else {
        pieces.remove(at: index)
        return nil
      }
      defer {
        pieces[index].taken = offset + count
        if start + count == pieces[index].bytes.count { pieces.remove(at: index) }
      }
      return Array(pieces[index].bytes[start..<(start + count)])
    }
  }
}
