/// Makes traces of spans: duplicates out, tree in order, times fitted, critical path found.
///
/// The result does not depend on the order of the spans. Of two spans with one id the one that ends last stays.
package struct TraceAssembler {
  private var set: TraceSet
  // Scratch of the present trace, by local number: reused from trace to trace.
  private var locals: [SpanRow] = []
  private var parents: [Int32] = []
  private var firstChildren: [Int32] = []
  private var lastChildren: [Int32] = []
  private var siblings: [Int32] = []
  private var isPlaced: [Bool] = []
  private var slots: [Int32] = []
  private var stack: [(local: Int32, parent: Int32)] = []

  private init(_ store: SpanStore) { set = TraceSet(store: store) }

  /// All traces of a store, sorted by the start of their root.
  ///
  /// - Complexity: O(n log n) for the n spans of a trace, O(n) over traces.
  package static func assemble(_ store: SpanStore) -> TraceSet {
    var assembler = TraceAssembler(store)
    assembler.run()
    TimeFitting.fit(&assembler.set)
    CriticalPath.find(&assembler.set)
    assembler.linkTraces()
    return assembler.set
  }

  /// The same without what needs the times: no fits, no critical path, no links between traces. Enough to count spans and calls.
  package static func trees(_ store: SpanStore) -> TraceSet {
    var assembler = TraceAssembler(store)
    assembler.run()
    return assembler.set
  }

  private mutating func run() {
    let store = set.store
    let traceCount = store.traceIDs.count
    // A counting sort by trace.
    var begins = [Int32](repeating: 0, count: traceCount + 1)
    for row in store.rows { begins[Int(row.trace) + 1] += 1 }
    for index in 0..<traceCount { begins[index + 1] += begins[index] }
    var next = begins
    var order = [Int32](repeating: 0, count: store.rows.count)
    for (index, row) in store.rows.enumerated() {
      order[Int(next[Int(row.trace)])] = Int32(truncatingIfNeeded: index)
      next[Int(row.trace)] += 1
    }
    reserve(store.rows.count, traceCount)
    for trace in 0..<traceCount where begins[trace] < begins[trace + 1] {
      locals.removeAll(keepingCapacity: true)
      for place in begins[trace]..<begins[trace + 1] { locals.append(store.rows[Int(order[Int(place)])]) }
      deduplicate()
      place(Int32(truncatingIfNeeded: trace))
    }
    let spans = set.spans
    let ids = store.traceIDs
    set.traces.sort {
      let (a, b) = (spans[$0.root].start, spans[$1.root].start)
      return a == b ? ids[Int($0.id)] < ids[Int($1.id)] : a < b
    }
  }

  private mutating func reserve(_ spans: Int, _ traces: Int) {
    set.spans.reserveCapacity(spans)
    set.parents.reserveCapacity(spans)
    set.traces.reserveCapacity(traces)
  }

  /// Sorts the trace's spans by start, and drops those that are there twice; the table from ids to local numbers is ready then.
  private mutating func deduplicate() {
    if !isSorted { locals.sort(by: Self.isBefore) }
    var size = 16
    while size < locals.count * 2 { size *= 2 }
    if slots.count == size {
      for index in 0..<size { slots[index] = -1 }
    } else {
      slots = [Int32](repeating: -1, count: size)
    }
    var kept = 0
    for index in locals.indices {
      let row = locals[index]
      let slot = slot(row.id)
      if slots[slot] < 0 {
        slots[slot] = Int32(truncatingIfNeeded: kept)
        locals[kept] = row
        kept += 1
      } else {
        // The same span again: perhaps with its end, that it did not have before.
        set.duplicates += 1
        if row.end > locals[Int(slots[slot])].end { locals[Int(slots[slot])] = row }
      }
    }
    locals.removeLast(locals.count - kept)
  }

  private static func isBefore(_ a: SpanRow, _ b: SpanRow) -> Bool {
    if a.start != b.start { return a.start < b.start }
    if a.end != b.end { return a.end > b.end }
    if a.id != b.id { return a.id < b.id }
    return (a.outcome.rawValue, a.step, a.parent) > (b.outcome.rawValue, b.step, b.parent)
  }

  /// Spans of a stream come in order: sorting them again would cost a fifth of the assembly.
  private var isSorted: Bool {
    for index in locals.indices.dropFirst() where Self.isBefore(locals[index], locals[index - 1]) { return false }
    return true
  }

  /// The slot of an id, or the free one where it would be.
  private func slot(_ id: UInt64) -> Int {
    var slot = Int(truncatingIfNeeded: StableHash.mix(id)) & (slots.count - 1)
    while slots[slot] >= 0, locals[Int(slots[slot])].id != id { slot = (slot + 1) & (slots.count - 1) }
    return slot
  }

  /// Appends the present trace to the set.
  private mutating func place(_ id: Int32) {
    let count = locals.count
    parents.removeAll(keepingCapacity: true)
    Self.reset(&firstChildren, count)
    Self.reset(&lastChildren, count)
    Self.reset(&siblings, count)
    isPlaced.removeAll(keepingCapacity: true)
    isPlaced.append(contentsOf: repeatElement(false, count: count))

    var trace = TraceSet.Trace(id: id, first: Int32(truncatingIfNeeded: set.spans.count), count: Int32(truncatingIfNeeded: count))
    var root: Int32 = -1
    var orphan: Int32 = -1
    for local in 0..<count {
      let row = locals[local]
      let parent = row.parent == 0 ? -1 : row.parent == row.id ? -2 : slots[slot(row.parent)] >= 0 ? slots[slot(row.parent)] : -2
      parents.append(parent)
      let number = Int32(truncatingIfNeeded: local)
      switch parent {
      case -1:
        // The earliest; of those the longest, by the order of the spans.
        if root < 0 { root = number } else { trace.extraRoots += 1 }
      case -2:
        trace.orphans += 1
        if orphan < 0 { orphan = number }
      default:
        // Children come by start: the list of a parent is in order.
        if lastChildren[Int(parent)] < 0 { firstChildren[Int(parent)] = number } else { siblings[Int(lastChildren[Int(parent)])] = number }
        lastChildren[Int(parent)] = number
      }
    }
    trace.hasRoot = root >= 0
    if root >= 0 { walk(root) } else if orphan >= 0 { walk(orphan) }
    for local in 0..<count where parents[local] < 0 && !isPlaced[local] { walk(Int32(truncatingIfNeeded: local)) }
    // What is left goes round in circles: the earliest span is taken for the first.
    for local in 0..<count where !isPlaced[local] {
      trace.orphans += 1
      walk(Int32(truncatingIfNeeded: local))
    }
    set.traces.append(trace)
  }

  private static func reset(_ array: inout [Int32], _ count: Int) {
    array.removeAll(keepingCapacity: true)
    array.append(contentsOf: repeatElement(-1, count: count))
  }

  /// Appends a subtree, every parent before its children.
  private mutating func walk(_ root: Int32) {
    stack.append((root, -1))
    while let (local, parent) = stack.popLast() {
      guard !isPlaced[Int(local)] else { continue }
      isPlaced[Int(local)] = true
      let index = Int32(truncatingIfNeeded: set.spans.count)
      set.spans.append(locals[Int(local)])
      set.parents.append(parent)
      // The first child must come off the stack first.
      let base = stack.count
      var child = firstChildren[Int(local)]
      while child >= 0 {
        if !isPlaced[Int(child)] { stack.append((child, index)) }
        child = siblings[Int(child)]
      }
      var (low, high) = (base, stack.count - 1)
      while low < high {
        stack.swapAt(low, high)
        low += 1
        high -= 1
      }
    }
  }

  /// Finds for every trace whose first span refers to another trace where it goes on from.
  private mutating func linkTraces() {
    set.upstream = [Int32](repeating: -1, count: set.traces.count)
    set.senders = [UInt64](repeating: 0, count: set.traces.count)
    guard !set.store.links.isEmpty else { return }
    var indices = [Int32](repeating: -1, count: set.store.traceIDs.count)
    for (index, trace) in set.traces.enumerated() { indices[Int(trace.id)] = Int32(truncatingIfNeeded: index) }
    for link in set.store.links {
      let source = Int(indices[Int(link.trace)])
      guard source >= 0, set.upstream[source] < 0, set.spans[set.traces[source].root].id == link.span else { continue }
      guard let target = set.store.knownTrace(link.target), target != link.trace, indices[Int(target)] >= 0 else { continue }
      set.upstream[source] = indices[Int(target)]
      set.senders[source] = link.targetSpan
    }
    // Circles have no beginning: their links are let go.
    for index in set.upstream.indices {
      var (slow, fast) = (index, index)
      while true {
        guard let one = next(fast), let two = next(one), let behind = next(slow) else { break }
        (slow, fast) = (behind, two)
        if slow == fast {
          set.upstream[index] = -1
          break
        }
      }
    }
  }

  private func next(_ index: Int) -> Int? { set.upstream[index] < 0 ? nil : Int(set.upstream[index]) }
}
