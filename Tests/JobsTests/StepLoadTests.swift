import Jobs
import Testing

@Suite("what steps do over shards")
struct StepLoadTests {
  @Test("counts and rates add up; the busiest subtask and the slowest time count")
  func sums() throws {
    let texts = [
      #"{"id":"a","subtasks":1,"received":10,"emitted":8,"filtered":1,"duplicates":0,"late":1,"errors":0,"rate":2.5,"busy":0.25,"backPressure":0.5,"queued":1,"watermark":7}"#,
      #"{"id":"a","subtasks":2,"received":5,"emitted":5,"filtered":0,"duplicates":3,"late":0,"errors":4,"rate":1,"busy":0.75,"backPressure":0.125,"queued":2}"#,
      #"{"id":"a","subtasks":1,"received":0,"emitted":0,"filtered":0,"duplicates":0,"late":0,"errors":0,"rate":0,"busy":0,"backPressure":0,"queued":0,"watermark":5}"#,
    ]
    var sum = StepLoad("a")
    for text in texts {
      let load = try #require(ShardLoad(text: #"{"steps":[\#(text)],"splits":[{"name":"s","isIdle":true}]}"#))
      #expect(load.splits.map(\.name) == ["s"] && load.splits[0].newest == nil)
      sum.add(load.steps[0])
    }
    #expect(sum.subtasks == 4 && sum.received == 15 && sum.emitted == 13 && sum.filtered == 1 && sum.duplicates == 3)
    #expect(
      sum.late == 1 && sum.errors == 4 && sum.rate == 3.5 && sum.busy == 0.75 && sum.backPressure == 0.5 && sum.queued == 3
        && sum.watermark == 5)
  }

  @Test("what a later program wrote and this one cannot read is nothing")
  func unreadable() { #expect(ShardLoad(text: #"{"steps": 1}"#) == nil) }
}
