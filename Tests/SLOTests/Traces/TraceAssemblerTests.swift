import SLO
import Testing

@Suite("assembly of traces")
struct TraceAssemblerTests {
  private func store(_ rows: [(id: UInt64, parent: UInt64, start: Int64, end: Int64)]) -> SpanStore {
    var store = SpanStore()
    let trace = store.trace(TraceID(high: 1, low: 1))
    let step = store.step(service: store.services.intern("s"), operation: store.names.intern("o"))
    for row in rows { store.append(SpanRow(id: row.id, parent: row.parent, start: row.start, end: row.end, trace: trace, step: step)) }
    return store
  }

  @Test("the root is the span without a parent, not the smallest id; spans that come twice count once, with the later end")
  func root() {
    let set = TraceAssembler.assemble(store([(1, 9, 20, 30), (9, 0, 10, 50), (1, 9, 20, 40), (9, 0, 10, 50)]))
    #expect(set.spans.map(\.id) == [9, 1])
    #expect(set.spans[1].end == 40)
    #expect(set.duplicates == 2)
    #expect(set.traces[0].isComplete)
  }

  @Test("spans whose parent never came and further roots are kept and counted")
  func orphans() {
    let set = TraceAssembler.assemble(store([(1, 0, 10, 50), (2, 77, 20, 30), (3, 2, 21, 29), (4, 0, 60, 70)]))
    #expect(set.spans.map(\.id) == [1, 2, 3, 4])
    #expect(set.traces[0].orphans == 1 && set.traces[0].extraRoots == 1 && set.traces[0].hasRoot)
    let headless = TraceAssembler.assemble(store([(3, 2, 21, 29), (2, 77, 20, 30)]))
    #expect(headless.spans.map(\.id) == [2, 3] && !headless.traces[0].hasRoot)
  }

  @Test("circles and spans that are their own parent end")
  func circles() {
    let set = TraceAssembler.assemble(store([(1, 2, 10, 20), (2, 1, 11, 19), (3, 3, 12, 13), (4, 2, 12, 14)]))
    #expect(Set(set.spans.map(\.id)) == [1, 2, 3, 4])
    #expect(!set.traces[0].hasRoot && set.traces[0].orphans == 2)
  }

  @Test("the order in which spans come changes nothing")
  func order() {
    for seed in UInt64(0)..<200 {
      var dice = Dice(seed)
      var rows: [(id: UInt64, parent: UInt64, start: Int64, end: Int64)] = []
      for index in 0..<(2 + dice.next(30)) {
        let start = 1000 + dice.next(20)
        let id = UInt64(index) + 1
        rows.append((id, index == 0 ? 0 : UInt64(dice.next(index + 4)) + 1, start, start + dice.next(9)))
      }
      // No span is its own ancestor by chance: parents come before.
      rows = rows.map { ($0.id, $0.parent >= $0.id && $0.id != 1 ? $0.parent + 100 : $0.parent, $0.start, $0.end) }
      let one = TraceAssembler.assemble(store(rows))
      let other = TraceAssembler.assemble(store(rows.reversed()))
      #expect(one.spans == other.spans && one.parents == other.parents && one.exclusive == other.exclusive, "seed \(seed)")
    }
  }
}
