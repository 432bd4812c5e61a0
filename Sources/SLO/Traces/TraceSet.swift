/// Traces, assembled: the spans of each one behind the other, every parent before its children, children in the order of their start.
///
/// A subtree is a range of spans, so whatever walks a trace is a loop. Indices are into `spans` unless it is said otherwise.
package struct TraceSet: Sendable {
  /// What was done to a span's times so that it lies within its parent's.
  package enum Fit: UInt8, Sendable, Equatable {
    /// Nothing had to be done.
    case exact
    /// It was moved: the clocks of two machines differ.
    case shifted
    /// It was cut at the border of its parent.
    case clipped
    /// Its parent did not wait for it: it is on no critical path, nor is what it calls.
    case detached
  }

  package struct Trace: Sendable, Equatable {
    /// The number of its id in the store.
    package var id: Int32
    package var first: Int32
    package var count: Int32
    /// Spans with a parent that never came, or that is part of a circle.
    package var orphans: Int32 = 0
    /// Spans without a parent, besides the root.
    package var extraRoots: Int32 = 0
    /// False where all spans have a parent, and the one whose parent is missing stands in for the root.
    package var hasRoot = true

    package var range: Range<Int> { Int(first)..<Int(first) + Int(count) }
    package var root: Int { Int(first) }
    /// One root, and every other span hangs below it.
    package var isComplete: Bool { hasRoot && orphans == 0 && extraRoots == 0 }
  }

  package var store: SpanStore
  package var spans: [SpanRow] = []
  /// The index of the parent, or -1.
  package var parents: [Int32] = []
  /// How many spans the subtree has, itself included.
  package var sizes: [Int32] = []
  package var fits: [Fit] = []
  /// The times after fitting.
  package var starts: [Int64] = []
  package var ends: [Int64] = []
  /// The time that passes in the span alone while the root waits for it: its part of the critical path. Nanoseconds; those of a trace add
  /// up to the duration of its root.
  package var exclusive: [Int64] = []
  package var traces: [Trace] = []
  /// For each trace the one that it goes on from, by a link of its root across a queue; an index into `traces`, or -1.
  package var upstream: [Int32] = []
  /// For each of those the span that sent, by its id; 0 where the link names none.
  package var senders: [UInt64] = []
  /// Rows that were there already.
  package var duplicates = 0

  package init(store: SpanStore) { self.store = store }

  package func id(_ trace: Trace) -> TraceID { store.traceIDs[Int(trace.id)] }
  /// The first of the traces that one goes on from, by places among `traces`; itself for most.
  package func head(of place: Int) -> Int {
    var present = place
    while upstream[present] >= 0 { present = Int(upstream[present]) }
    return present
  }
  package func service(_ span: Int) -> Int32 { store.steps[Int(spans[span].step)].service }
}
