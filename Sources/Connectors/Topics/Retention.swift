internal import Dataflow

/// Removes the oldest segments of a topic that has grown too large or too old. Whole segments, never the one that is being written.
///
/// Runs under the writer's lock, after a commit. A reader that has a removed segment open reads it to its end.
struct Retention {
  let topic: LocalTopic
  let commit: TopicCommit
  let now: Int64

  private struct Segment {
    var partition: Int
    var base: Int64
    var size: Int64
    var created: Int64
  }

  func run() throws {
    let settings = topic.settings
    guard settings.retentionBytes != nil || settings.retentionAge != nil else { return }
    // Oldest first, so that what is left of a partition has no holes. The last one is being written.
    var partitions = try commit.ends.indices.map { ArraySlice(try segments($0)) }
    var total = partitions.joined().reduce(0) { $0 + $1.size }
    while let oldest = Self.oldest(partitions) {
      let next = partitions[oldest].dropFirst()
      guard let segment = partitions[oldest].first, let successor = next.first else { return }
      // Its youngest record was written before the next segment was begun.
      let isOld = settings.retentionAge.map { now - successor.created >= $0 } ?? false
      guard isOld || settings.retentionBytes.map({ total > $0 }) ?? false else { return }
      try topic.files.remove(topic.segmentPath(segment.partition, segment.base))
      // One after the other, so that no power cut leaves a hole between what is gone and what came back.
      if settings.isDurable { try topic.files.syncDirectory(topic.partitionFolder(segment.partition)) }
      total -= segment.size
      partitions[oldest] = next
    }
  }

  /// The partition whose first segment was followed by another the longest time ago.
  private static func oldest(_ partitions: [ArraySlice<Segment>]) -> Int? {
    partitions.indices.filter { partitions[$0].count > 1 }.min { a, b in
      let (a, b) = (partitions[a], partitions[b])
      return a[a.startIndex + 1].created < b[b.startIndex + 1].created
    }
  }

  /// The segments of a partition that count, in order.
  private func segments(_ partition: Int) throws -> [Segment] {
    let end = commit.ends[partition]
    let bases = TopicSegment.bases(try topic.files.list(topic.partitionFolder(partition))).filter { $0 <= end.segment }
    return try bases.map { base in
      let path = topic.segmentPath(partition, base)
      let head = TopicSegment(try topic.files.read(path, offset: 0, count: TopicSegment.headSize))
      // A damaged head is the reader's to report; here it only keeps the segment.
      return Segment(
        partition: partition, base: base, size: base == end.segment ? end.size : Int64(try topic.files.size(path)),
        created: head?.created ?? now)
    }
  }
}
