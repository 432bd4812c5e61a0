#if Kafka
import Kafka
import Testing

@Suite("rest for a consumer whose broker does not wait")
struct KafkaPacingTests {
  @Test("answers that come at once and are all the same are vain, from the eleventh on; any other one begins anew")
  func vain() {
    let pacing = KafkaPacing()
    for turn in 0..<30 { #expect(pacing.isVain(98, 200) == (turn >= 10)) }
    #expect(!pacing.isVain(140, 200))
    for turn in 0..<12 { #expect(pacing.isVain(98, 200) == (turn >= 10)) }
  }

  @Test("a broker that waits, and answers that hold records, let a consumer ask again at once")
  func busy() {
    let pacing = KafkaPacing()
    for _ in 0..<30 { #expect(!pacing.isVain(98, 100_000)) }
    for _ in 0..<30 { #expect(!pacing.isVain(1 << 20, 200)) }
    for turn in 0..<60 { #expect(!pacing.isVain(98 + turn % 7, 200)) }
  }
}
#endif
