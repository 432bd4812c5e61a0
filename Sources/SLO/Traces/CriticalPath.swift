/// Finds what the root's duration is made of: at every moment the one span that everybody above it waits for.
///
/// From the end of a span backwards: the child that returned last (of two, the longer) is waited for, then the child that returned last before that one began,
/// and so on; what is left is the span's own time. A child that ran beside a chosen one and ended later than its beginning was not waited
/// for. So the own times of a trace add up to the duration of its root, to the nanosecond.
package enum CriticalPath {
  package static func find(_ set: inout TraceSet) {
    let count = set.spans.count
    var exclusive = [Int64](repeating: 0, count: count)
    var isOnPath = [Bool](repeating: false, count: count)
    var children: [Int] = []
    for trace in set.traces {
      isOnPath[trace.root] = true
      // Parents come before their children, so one pass is enough; other roots of the trace stay out of it.
      for index in trace.range where isOnPath[index] {
        children.removeAll(keepingCapacity: true)
        let end = index + Int(set.sizes[index])
        var child = index + 1
        while child < end {
          if set.fits[child] != .detached { children.append(child) }
          child += Int(set.sizes[child])
        }
        if children.count > 1 {
          children.sort {
            if set.ends[$0] != set.ends[$1] { return set.ends[$0] > set.ends[$1] }
            return set.starts[$0] == set.starts[$1] ? $0 < $1 : set.starts[$0] < set.starts[$1]
          }
        }
        var cursor = set.ends[index]
        var own: Int64 = 0
        for child in children where set.ends[child] <= cursor {
          own += cursor - set.ends[child]
          cursor = set.starts[child]
          isOnPath[child] = true
        }
        exclusive[index] = own + cursor - set.starts[index]
      }
    }
    set.exclusive = exclusive
  }
}
