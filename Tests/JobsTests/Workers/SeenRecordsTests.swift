import Connectors
import Jobs
import Testing

@Suite("records that workers have seen")
struct SeenRecordsTests {
  @Test("they are handed over once, in their order, each with its look")
  func order() {
    let seen = SeenRecords()
    seen.add(EdgeFeed.Event(json: "1", passed: 5), for: 7)
    seen.add(EdgeFeed.Event(json: "2", passed: 1), for: 8)
    #expect(seen.take() == [JobTaps.Record(tap: 7, passed: 5, json: "1"), JobTaps.Record(tap: 8, passed: 1, json: "2")])
    #expect(seen.take().isEmpty)
  }

  @Test("what is too much for one time is left out, and counts as passed with the next record of its look")
  func limit() {
    let seen = SeenRecords()
    let large = String(repeating: "x", count: 400_000)
    for _ in 0..<5 { seen.add(EdgeFeed.Event(json: large, passed: 3), for: 7) }
    #expect(seen.take().map(\.passed) == [3, 3])
    seen.add(EdgeFeed.Event(json: "{}", passed: 1), for: 8)
    seen.add(EdgeFeed.Event(json: "{}", passed: 1), for: 7)
    seen.add(EdgeFeed.Event(json: "{}", passed: 1), for: 7)
    #expect(seen.take().map(\.passed) == [1, 10, 1])
  }

  @Test("when nobody looks any more nothing is left")
  func clears() {
    let seen = SeenRecords()
    for _ in 0..<3 { seen.add(EdgeFeed.Event(json: String(repeating: "x", count: 600_000), passed: 1), for: 7) }
    seen.clear()
    #expect(seen.take().isEmpty)
    seen.add(EdgeFeed.Event(json: "{}", passed: 1), for: 7)
    #expect(seen.take().map(\.passed) == [1])
  }
}
