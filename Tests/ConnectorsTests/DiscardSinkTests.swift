import Connectors
import Dataflow
import SinkTesting
import Testing

@Suite("discard")
struct DiscardSinkTests {
  @Test("rows are counted, live, and whatever their schema")
  func counts() throws {
    let schema = Schema([("a", .bytes), ("b", .int64)])
    let planned = try DiscardSink.type.plan(Config(), nil, schema)
    guard case .live = planned.delivery else {
      Issue.record("it stages rows")
      return
    }
    let sink = try planned.make()
    let output = Output(operatorID: "d")
    let batch = RecordBatch(schema: schema)
    for _ in 0..<10 { _ = batch.appendRow() }
    batch.filterSelection { $0 % 2 == 0 }
    try sink.process(batch, output)
    #expect(output.counters.absorbed == 5 && output.counters.emitted == 0)
  }
}
