package import Dataflow

/// Removing what was read, for topics with one reader that says how far it has come.
extension LocalTopic {
  /// Removes whole segments that hold only records before these offsets, one a partition. Never the segment that is being written.
  ///
  /// - Throws: `TopicError`, `FileError`.
  package func trim(below offsets: [Int64], _ runtime: any Runtime) throws {
    try append(runtime) { append in
      for (partition, end) in append.commit.ends.enumerated() where partition < offsets.count {
        let bases = try segments(partition, upTo: end.segment)
        for (base, next) in zip(bases, bases.dropFirst()) where next <= offsets[partition] {
          try files.remove(segmentPath(partition, base))
        }
      }
    }
  }

  /// Bytes of all segments.
  package func storedBytes() throws -> Int64 {
    guard let commit = try commit() else { return 0 }
    var total: Int64 = 0
    for (partition, end) in commit.ends.enumerated() {
      for base in try segments(partition, upTo: end.segment) {
        total += base == end.segment ? end.size : Int64(try files.size(segmentPath(partition, base)))
      }
    }
    return total
  }

  /// Where the segments of a partition that count begin, ascending.
  private func segments(_ partition: Int, upTo last: Int64) throws -> [Int64] {
    TopicSegment.bases(try files.list(partitionFolder(partition))).filter { $0 <= last }
  }
}
