import Dataflow
import Jobs
import Testing

@Suite("records read")
struct RecordsReadTests {
  private func counted(_ figures: [(String, Int)]) -> [(id: String, counters: OperatorCounters)] {
    figures.map { id, received in
      var counters = OperatorCounters()
      counters.received = received
      return (id, counters)
    }
  }

  @Test("lines that hold many records count by their records; other operators do not count, whatever their names")
  func records() {
    let counters = counted([("logs", 10), ("logs#1", 900), ("logs#time", 899), ("logstash", 5000), ("window", 899), ("traces", 7)])
    #expect(RecordsRead.count(counters, sources: ["logs"]) == 900)
    #expect(RecordsRead.count(counters, sources: ["logs", "traces"]) == 907)
    #expect(RecordsRead.count(counters, sources: ["gone"]) == 0)
    #expect(RecordsRead.count([], sources: ["logs"]) == 0)
  }
}
