/// How topics of one `local` connection are kept.
package struct LocalTopicSettings: Sendable, Equatable {
  /// How many partitions a topic has at least. Those of a topic that has more stay.
  package var partitions = 4
  /// A segment is closed when it has grown to this.
  package var segmentBytes: Int64 = 64 << 20
  /// The oldest segments of a topic are removed while it is larger than this; nil keeps them.
  package var retentionBytes: Int64?
  /// Segments whose youngest record was written longer ago than this are removed; nil keeps them. Nanoseconds.
  package var retentionAge: Int64?
  /// Whether an append waits for the disk. Without it appends survive the end of the process, but not that of the machine.
  package var isDurable = true
  /// How long to wait for another process that writes. Nanoseconds.
  package var lockWait: Int64 = 5_000_000_000

  package init() {}

  /// A segment is also closed at this age, so that retention by age has something to remove. Nanoseconds.
  var segmentAge: Int64? { retentionAge.map { max(1, $0 / 8) } }
}
