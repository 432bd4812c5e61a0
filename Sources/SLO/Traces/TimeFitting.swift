/// Brings the times of each span within those of its parent, and says what it did.
///
/// - A child in another service that sticks out but would fit was measured by another clock: it is moved, with all below it, as far as it
///   must be.
/// - A child that begins after its parent's end, a message's receiver, and a child of the same service that goes on for long after its
///   parent are work that nobody waited for: detached.
/// - Whatever else sticks out is cut.
package enum TimeFitting {
  /// A child of the same service may end this much after its parent before it counts as detached: clocks and flushes are not exact.
  package static let tolerance: Int64 = 1_000_000

  package static func fit(_ set: inout TraceSet) {
    let count = set.spans.count
    var fits = [TraceSet.Fit](repeating: .exact, count: count)
    var starts = [Int64](repeating: 0, count: count)
    var ends = [Int64](repeating: 0, count: count)
    var shifts = [Int64](repeating: 0, count: count)
    var sizes = [Int32](repeating: 1, count: count)
    for index in 0..<count {
      let span = set.spans[index]
      let parent = Int(set.parents[index])
      guard parent >= 0 else {
        (starts[index], ends[index]) = (span.start, span.end)
        continue
      }
      let caller = set.spans[parent]
      let isRemote = set.service(index) != set.service(parent)
      let shift = shifts[parent]
      let fitted = fit(
        (span.start + shift, span.end + shift), in: (starts[parent], ends[parent]), isRemote: isRemote,
        isMessage: caller.kind == .producer || span.kind == .consumer && caller.kind != .consumer)
      (starts[index], ends[index], fits[index]) = (fitted.start, fitted.end, fitted.fit)
      shifts[index] = shift + fitted.shift
    }
    for index in stride(from: count - 1, through: 0, by: -1) where set.parents[index] >= 0 {
      sizes[Int(set.parents[index])] += sizes[index]
    }
    (set.fits, set.starts, set.ends, set.sizes) = (fits, starts, ends, sizes)
  }

  private static func fit(
    _ span: (start: Int64, end: Int64), in parent: (start: Int64, end: Int64), isRemote: Bool, isMessage: Bool
  ) -> (start: Int64, end: Int64, shift: Int64, fit: TraceSet.Fit) {
    if span.start >= parent.start, span.end <= parent.end {
      // A receiver within the sender's time is one that the sender may have waited for.
      return (span.start, span.end, 0, .exact)
    }
    let over = span.end - parent.end
    if isMessage || span.start > parent.end || !isRemote && over > max(tolerance, (span.end - span.start) / 10) {
      return (span.start, span.end, 0, .detached)
    }
    if isRemote, span.end - span.start <= parent.end - parent.start {
      let shift = span.start < parent.start ? parent.start - span.start : -over
      return (span.start + shift, span.end + shift, shift, .shifted)
    }
    let start = min(max(span.start, parent.start), parent.end)
    return (start, max(start, min(span.end, parent.end)), 0, .clipped)
  }
}
