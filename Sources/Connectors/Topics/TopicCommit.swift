internal import CScan
package import Dataflow

/// What a topic holds for certain: where each partition ends, and how far each sink that writes into it has come.
///
/// It is one small file that is replaced as a whole, so an append to many partitions and the ledger row that speaks of it become true together.
/// Bytes in segments beyond the ends that it names are those of an append that never was.
package struct TopicCommit: Equatable {
  package static let name = "commit"
  private static let magic: [UInt8] = Array("SLTC".utf8)
  private static let version: UInt32 = 1

  /// Where a partition ends.
  package struct End: Equatable, Sendable {
    /// The offset that the next record gets.
    package var offset: Int64 = 0
    /// The first offset of the segment that is being written; -1 before there is one.
    package var segment: Int64 = -1
    /// Bytes of that segment that count.
    package var size: Int64 = 0
    /// When that segment was begun.
    package var created: Int64 = 0
  }

  /// Who writes into the topic.
  package struct Writer: Hashable, Comparable, Sendable {
    package var job: String
    package var sink: String
    package init(job: String, sink: String) {
      self.job = job
      self.sink = sink
    }
    package static func < (a: Writer, b: Writer) -> Bool { (a.job, a.sink) < (b.job, b.sink) }
  }

  /// Random, so that a topic that was removed and made anew is not taken for the old one.
  package var id: UInt64
  /// Goes up by one with every commit.
  package var sequence: UInt64 = 0
  package var ends: [End]
  package var ledger: [Writer: LedgerRow] = [:]

  package init(id: UInt64, partitions: Int) {
    self.id = id
    ends = Array(repeating: End(), count: partitions)
  }

  /// The whole file. O(partitions + writers).
  package var encoded: [UInt8] {
    var bytes = Self.magic
    bytes.append(integer: Self.version)
    bytes.append(integer: id)
    bytes.append(integer: sequence)
    bytes.append(integer: UInt32(ends.count))
    for end in ends {
      bytes.append(integer: end.offset)
      bytes.append(integer: end.segment)
      bytes.append(integer: end.size)
      bytes.append(integer: end.created)
    }
    bytes.append(integer: UInt32(ledger.count))
    for (writer, row) in ledger.sorted(by: { $0.key < $1.key }) {
      bytes.append(counted: writer.job)
      bytes.append(counted: writer.sink)
      bytes.append(integer: row.generation)
      bytes.append(integer: row.epoch)
      bytes.append(integer: UInt8(row.digest == nil ? 0 : 1))
      bytes.append(integer: row.digest ?? 0)
    }
    bytes.append(integer: bytes.withUnsafeBytes { cscan_crc32c(0, $0.baseAddress, $0.count) })
    return bytes
  }

  /// Reads a file. Nil when it is damaged or of a later version: it must be, byte by byte, what would be written.
  package init?(_ bytes: [UInt8]) {
    guard bytes.count >= 36, bytes.starts(with: Self.magic) else { return nil }
    let check = bytes.withUnsafeBytes { cscan_crc32c(0, $0.baseAddress, $0.count - 4) }
    let decoded = try? bytes.withUnsafeBytes { raw -> TopicCommit? in
      var reader = ByteReader(UnsafeRawBufferPointer(rebasing: raw[4...]))
      guard try reader.integer(UInt32.self) == Self.version else { return nil }
      var commit = TopicCommit(id: try reader.integer(), partitions: 0)
      commit.sequence = try reader.integer()
      for _ in 0..<(try reader.integer(UInt32.self)) {
        commit.ends.append(
          End(offset: try reader.integer(), segment: try reader.integer(), size: try reader.integer(), created: try reader.integer()))
      }
      for _ in 0..<(try reader.integer(UInt32.self)) {
        let writer = Writer(job: try reader.text(), sink: try reader.text())
        let (generation, epoch) = (try reader.integer(UInt64.self), try reader.integer(UInt64.self))
        let hasDigest = try reader.integer(UInt8.self) != 0
        let digest = try reader.integer(UInt64.self)
        commit.ledger[writer] = LedgerRow(generation: generation, epoch: epoch, digest: hasDigest ? digest : nil)
      }
      return try reader.integer(UInt32.self) == check && reader.isAtEnd ? commit : nil
    }
    guard let decoded else { return nil }
    self = decoded
  }
}
