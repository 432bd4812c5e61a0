import Connectors
import Testing

@Suite("looks at records of jobs over workers")
struct WantedTapTests {
  @Test("shards share a rate, and none of them is unseen", arguments: 1...50, [1, 2, 3, 7, 24, 720])
  func shares(rate: Int, shards: Int) {
    let share = WantedTap(id: 1, edge: "s", rate: rate).rate(amongShards: shards)
    #expect(share >= 1 && share * shards >= rate && (share == 1 || (share - 1) * shards < rate))
  }
}
