import Connectors
import Server
import Testing

@Suite("what is shown of a job over workers")
struct TapLimitTests {
  private func records(_ count: Int, passed: Int = 1) -> [JobTaps.Record] {
    (0..<count).map { JobTaps.Record(tap: 1, passed: passed, json: "\($0)") }
  }

  @Test("shards that hand over more than was asked for are kept to the rate, and every record counts as passed", arguments: [1, 3, 10, 50])
  func rate(rate: Int) {
    var limit = TapLimit(rate: rate)
    var (shown, passed, given) = (0, 0, 0)
    for turn in 1...80 {
      let events = limit.take(records(turn % 20, passed: 7), after: 0.25)
      shown += events.count
      passed += events.reduce(0) { $0 + $1.passed }
      given += 7 * (turn % 20)
      #expect(shown * 4 <= rate * turn && passed <= given)
    }
    #expect(shown >= min(rate * 20, 80 * 9) / 2 && given - passed < 7 * 200)
  }

  @Test("those that are shown are chosen evenly, and what was passed over is counted with the next")
  func even() {
    var limit = TapLimit(rate: 4)
    #expect(
      limit.take(records(8), after: 0.5) == [JobTaps.Record(tap: 1, passed: 1, json: "0"), JobTaps.Record(tap: 1, passed: 4, json: "4")])
    #expect(limit.take(records(1), after: 0.5) == [JobTaps.Record(tap: 1, passed: 4, json: "0")])
    #expect(limit.take([], after: 1).isEmpty)
  }

  @Test("after a pause no more than a second's records come at once")
  func pause() {
    var limit = TapLimit(rate: 5)
    #expect(limit.take(records(100), after: 60).count == 5)
    #expect(limit.take(records(100), after: 0).isEmpty)
  }
}
