#if Kafka
import Kafka
import Testing

@Suite("rest for a consumer whose broker does not wait")
struct KafkaPacingTests {
  @Test("answers that come at once and are all the same are vain, from the eleventh on, and the rest grows; any other one begins anew")
  func vain() {
    let pacing = KafkaPacing()
    for turn in 0..<80 { #expect(pacing.rest(after: 98, 200) == (turn < 10 ? 0 : UInt32(min(turn, 50)) * 2_000)) }
    #expect(pacing.rest(after: 140, 200) == 0)
    for turn in 0..<12 { #expect(pacing.rest(after: 98, 200) == (turn < 10 ? 0 : UInt32(turn) * 2_000)) }
  }

  @Test("a broker that waits, and answers that hold records, let a consumer ask again at once")
  func busy() {
    let pacing = KafkaPacing()
    for _ in 0..<30 { #expect(pacing.rest(after: 98, 100_000) == 0) }
    for _ in 0..<30 { #expect(pacing.rest(after: 1 << 20, 200) == 0) }
    for turn in 0..<60 { #expect(pacing.rest(after: 98 + turn % 7, 200) == 0) }
  }
}
#endif
