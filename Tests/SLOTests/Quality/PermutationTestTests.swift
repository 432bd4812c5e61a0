import SLO
import Testing

@Suite("quality of indicators")
struct PermutationTestTests {
  @Test("hits that are where they should be are no chance; hits anywhere are")
  func probability() {
    let planted = (0..<60).map { (units: 5, hits: $0 < 6 ? 4 : 0) }
    #expect(PermutationTest.probability(groups: [planted], marked: [Set(0..<6)]) < 0.001)
    var dice = Dice(5)
    let even = (0..<60).map { _ in (units: 5, hits: Int(dice.next(2))) }
    #expect(PermutationTest.probability(groups: [even], marked: [Set(0..<6)]) > 0.01)
    #expect(PermutationTest.probability(groups: [planted], marked: [[]]) == 1)
    #expect(PermutationTest.probability(groups: [], marked: []) == 1)
  }

  @Test("under no effect small probabilities are as rare as they say")
  func calibration() {
    var small = 0
    for seed in UInt64(0)..<200 {
      var dice = Dice(seed)
      let noise = (0..<40).map { _ in (units: 4, hits: Int(dice.next(4)) / 3) }
      if PermutationTest.probability(groups: [noise], marked: [Set(0..<8)], rounds: 199, seed: seed) <= 0.05 { small += 1 }
    }
    #expect(small <= 20, "\(small) of 200")
  }

  @Test("a fault that slows one service is seen in that service, and it is named")
  func planted() {
    var traces = SyntheticTraces()
    for minute in Int64(0)..<60 {
      for index in Int64(0)..<5 {
        let isSlow = minute == 30 || minute == 31
        traces.add(
          SyntheticTraces.node(
            "gate", "/*", length: 200 + (minute * 7 + index * 13) % 90,
            [
              SyntheticTraces.node("a", "/a", start: 1, length: isSlow ? 30 : 10 + index % 2),
              SyntheticTraces.node("b", "/b", start: 60, length: 10 + (minute + index) % 3),
            ]), minute: minute)
      }
    }
    let set = traces.set
    let result = JourneyDiscovery.discover(set)
    let time = set.spans[0].start + 30 * 60_000_000_000
    let faults = [Fault(time: time, service: "a", type: "cpu"), Fault(time: time, service: "nobody", type: "cpu")]
    let table = QualityJudge.judge(set, result, logs: LogEvidence(), faults: faults)
    let row = table.rows.first { $0.indicator == .stepP50 }
    #expect(row?.faultHits == 2 && row?.faultUnits == 2 && row?.otherHits == 0)
    #expect((row?.probability ?? 1) < 0.01)
    #expect(table.rankings.first?.first == 1 && table.unused == 1)
    #expect(Fault.service(ofPod: "ts-a-service-5d-x", among: ["ts-a", "ts-a-service"]) == "ts-a-service")
  }
}
