import SLO
import Testing

@Suite("critical path")
struct CriticalPathTests {
  /// A trace of random spans: children that overlap, stick out on either side, begin after their parent, or are messages.
  private func randomTrace(_ seed: UInt64) -> SpanStore {
    var dice = Dice(seed)
    var store = SpanStore()
    let trace = store.trace(TraceID(high: 1, low: seed + 1))
    let count = 1 + dice.next(40)
    var rows: [SpanRow] = []
    for index in 0..<count {
      let parent = index == 0 ? nil : rows[Int(dice.next(index))]
      let step = store.step(service: store.services.intern("s\(dice.next(3))"), operation: store.names.intern("o\(dice.next(5))"))
      let start = (parent?.start ?? 1_000_000) + dice.next(60) - 8
      rows.append(
        SpanRow(
          id: UInt64(index) + 1, parent: parent?.id ?? 0, start: start, end: start + dice.next(80) * (dice.next(9) == 0 ? 1_000_000 : 1),
          trace: trace, step: step, kind: SpanKind(rawValue: UInt8(dice.next(6))) ?? .unspecified))
    }
    // In any order.
    for index in stride(from: rows.count - 1, to: 0, by: -1) { rows.swapAt(index, Int(dice.next(Int64(index) + 1))) }
    for row in rows { store.append(row) }
    return store
  }

  @Test("the times of the steps add up to the duration of the root, whatever the spans look like")
  func sum() {
    for seed in UInt64(0)..<2_000 {
      let set = TraceAssembler.assemble(randomTrace(seed))
      for trace in set.traces {
        let sum = trace.range.reduce(Int64(0)) { $0 + set.exclusive[$1] }
        #expect(sum == set.spans[trace.root].duration, "seed \(seed)")
        #expect(trace.range.allSatisfy { set.exclusive[$0] >= 0 }, "seed \(seed)")
      }
    }
  }

  /// The same by its definition: at every nanosecond go down from the root, backwards in time, into the child that is waited for.
  private func naive(_ set: TraceSet, _ span: Int, _ own: inout [Int: Int64]) {
    var cursor = set.ends[span]
    let children = set.spans.indices.filter { set.parents[$0] == span && set.fits[$0] != .detached }
    var left = Set(children)
    while let next = left.filter({ set.ends[$0] <= cursor }).max(by: { a, b in
      if set.ends[a] != set.ends[b] { return set.ends[a] < set.ends[b] }
      return set.starts[a] == set.starts[b] ? a > b : set.starts[a] > set.starts[b]
    }) {
      left.remove(next)
      own[span, default: 0] += cursor - set.ends[next]
      cursor = set.starts[next]
      naive(set, next, &own)
    }
    own[span, default: 0] += cursor - set.starts[span]
  }

  @Test("each span's time is what the definition says")
  func definition() {
    for seed in UInt64(0)..<500 {
      let set = TraceAssembler.assemble(randomTrace(seed))
      for trace in set.traces {
        var own: [Int: Int64] = [:]
        naive(set, trace.root, &own)
        for span in trace.range { #expect(set.exclusive[span] == own[span] ?? 0, "seed \(seed), span \(span)") }
      }
    }
  }

  @Test("fitted children lie within their parents")
  func fitted() {
    for seed in UInt64(0)..<500 {
      let set = TraceAssembler.assemble(randomTrace(seed))
      for span in set.spans.indices where set.parents[span] >= 0 && set.fits[span] != .detached {
        let parent = Int(set.parents[span])
        #expect(set.starts[span] >= set.starts[parent] && set.ends[span] <= set.ends[parent], "seed \(seed)")
      }
    }
  }

  @Test("of two calls side by side the longer one is waited for; of two in a row both are")
  func parallel() {
    var traces = SyntheticTraces()
    traces.add(
      SyntheticTraces.node(
        "a", "root", length: 100,
        [
          SyntheticTraces.node("b", "short", start: 10, length: 20), SyntheticTraces.node("c", "long", start: 10, length: 50),
          SyntheticTraces.node("d", "after", start: 70, length: 20),
        ]))
    let set = traces.set
    let own = Dictionary(uniqueKeysWithValues: set.spans.indices.map { (set.store.serviceName(set.spans[$0].step), set.exclusive[$0]) })
    #expect(own == ["a": 30_000_000, "b": 0, "c": 50_000_000, "d": 20_000_000])
  }

  @Test("a clock that is ahead is set back, and shown; nobody waits for a message's receiver")
  func skewAndMessages() {
    var traces = SyntheticTraces()
    traces.add(
      SyntheticTraces.node(
        "a", "root", length: 100,
        [
          SyntheticTraces.node("b", "ahead", start: 90, length: 50),
          SyntheticTraces.node(
            "a", "publish", kind: .producer, start: 5, length: 5,
            [
              SyntheticTraces.node("q", "receive", kind: .consumer, start: 8, length: 500)
            ]),
        ]))
    let set = traces.set
    func index(_ service: String) -> Int { set.spans.indices.first { set.store.serviceName(set.spans[$0].step) == service } ?? -1 }
    #expect(set.fits[index("b")] == .shifted)
    #expect(set.ends[index("b")] == set.ends[0] && set.spans[index("b")].duration == 50_000_000)
    #expect(set.fits[index("q")] == .detached && set.exclusive[index("q")] == 0)
  }
}
