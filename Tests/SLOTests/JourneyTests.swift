import SLO
import Testing

@Suite struct JourneyMinuteTests {
  @Test func edgesOfBucketsAscend() {
    #expect(zip(JourneyMinute.bucketEdges, JourneyMinute.bucketEdges.dropFirst()).allSatisfy { $0 < $1 })
  }
}
