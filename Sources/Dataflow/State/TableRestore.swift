/// Reads the parts of a table back: the full one and the increments after it.
package enum TableRestore {
  /// Calls the body once for every row that is current: rows of a segment that a later part wrote again are skipped.
  ///
  /// - Parameter parts: oldest first.
  /// - Throws: `StateFormatError` when the bytes are not a table of this stride.
  package static func forEachRow(_ parts: [[UInt8]], stride: Int, _ body: (UnsafeRawPointer) throws -> Void) throws {
    var covered = PrefixSet()
    for part in parts.reversed() {
      var fresh: [(prefix: UInt64, depth: UInt32)] = []
      try part.withUnsafeBytes { bytes in
        var reader = ByteReader(bytes)
        let found = Int(try reader.integer(UInt32.self))
        guard found == stride else { throw StateFormatError("rows of \(found) bytes where \(stride) are expected") }
        while !reader.isAtEnd {
          let prefix = try reader.integer(UInt64.self)
          let depth = try reader.integer(UInt32.self)
          let count = Int(try reader.integer(UInt32.self))
          guard depth <= 64, count <= StateTable.slots else { throw StateFormatError("a segment of depth \(depth) with \(count) rows") }
          let rows = try reader.take(count * stride)
          fresh.append((prefix, depth))
          guard let base = rows.baseAddress else { continue }
          for i in 0..<count {
            let row = base + i * stride
            if !covered.contains(row.loadUnaligned(as: UInt64.self)) { try body(row) }
          }
        }
      }
      for (prefix, depth) in fresh { covered.insert(prefix, depth) }
    }
  }
}

/// A set of hash prefixes; answers whether one of them covers a hash. O(depths) a look-up.
struct PrefixSet {
  private var byDepth: [UInt32: Set<UInt64>] = [:]

  mutating func insert(_ prefix: UInt64, _ depth: UInt32) {
    byDepth[depth, default: []].insert(prefix)
  }

  func contains(_ hash: UInt64) -> Bool {
    for (depth, prefixes) in byDepth {
      let mask = depth == 0 ? 0 : ~UInt64(0) << UInt64(64 - depth)
      if prefixes.contains(hash & mask) { return true }
    }
    return false
  }
}

/// Bytes of saved state that do not read as what they should be.
public struct StateFormatError: Error, CustomStringConvertible {
  /// What was found in the bytes.
  public let message: String
  /// An error that says what was found.
  public init(_ message: String) { self.message = message }
  /// A sentence for people.
  public var description: String { "the saved state cannot be read: \(message)" }
}
