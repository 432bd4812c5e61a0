import SLO
import Testing

@Suite("what decisions stand on")
struct DecisionTests {
  static let whole: StructuredValue = ["mode": "block", "max_services": 10, "max_files": 100, "require_approval": true]

  @Test("a change is judged as a whole, and each invariant that it breaks is named")
  func violations() throws {
    let policy = try DeploymentPolicy(Self.whole)
    let services = Set((1...11).map { "s\($0)" })
    let found = policy.violations(of: .init(services: services, files: 101, unapproved: ["a"]))
    #expect(found.map(\.invariant) == ["max_services", "max_files", "require_approval"])
    #expect(policy.violations(of: .init(services: ["s1"], files: 100, unapproved: [])).isEmpty)
  }

  @Test("a policy that is not whole is none: what is missing, mistyped or unknown permits nothing")
  func brokenPolicies() {
    for key in ["mode", "max_services", "max_files", "require_approval"] {
      let less = StructuredValue.map(Self.whole.members.filter { $0.key != key })
      #expect(throws: DeploymentPolicy.Failure.self) { try DeploymentPolicy(less) }
      var wrong = less
      wrong.append(key, .list([]))
      #expect(throws: DeploymentPolicy.Failure.self) { try DeploymentPolicy(wrong) }
    }
    var more = Self.whole
    more.append("max_service", 1)
    #expect(throws: DeploymentPolicy.Failure.self) { try DeploymentPolicy(more) }
    #expect(throws: DeploymentPolicy.Failure.self) { try DeploymentPolicy([]) }
  }

  @Test("a simulated target means what the objective of that target means")
  func whatIf() throws {
    let journey = Fixture.journey()
    for choice in JourneyPlan(journey, ArtifactOptions()).choices {
      let whatIf = WhatIf(choice.chosen, of: journey)
      #expect(whatIf.point(choice.chosen.target).backtest == choice.chosen.backtest)
      let curve = whatIf.curve()
      #expect(curve.map(\.target) == curve.map(\.target).sorted(by: >) && curve.count == 17)
      let left = curve.compactMap(\.backtest.budgetLeft)
      #expect(left == left.sorted(), "the looser the target, the more budget is left")
    }
  }

  @Test("a latency threshold that people chose is the one that is counted")
  func chosenThreshold() throws {
    let journey = Fixture.journey()
    let plan = JourneyPlan(journey, ArtifactOptions(), latency: 1_000_000_000)
    let latency = try #require(plan.indicators.first { $0.kind == .latency })
    #expect(latency.threshold == 1_000_000_000 && "\(latency.goodRate(minutes: 5).grouped)".contains("le=\"1.0\""))
    #expect(
      plan.indicators.filter { $0.kind != .latency } == JourneyPlan(journey, ArtifactOptions()).indicators.filter { $0.kind != .latency })
  }

  @Test("advice begins with what gains most, and says nothing about what is whole")
  func advice() {
    var (first, second) = (Fixture.journey("first"), Fixture.journey("second"))
    first.confidenceFactors = [
      ConfidenceFactor(name: "errors", value: 0.8, reason: "nothing tells errors"),
      ConfidenceFactor(name: "identity", value: 1, reason: ""),
    ]
    first.confidence = 0.8
    second.confidenceFactors = [
      ConfidenceFactor(name: "errors", value: 0.9, reason: "logs"), ConfidenceFactor(name: "traces", value: 0.5, reason: "20 traces"),
    ]
    second.confidence = 0.45
    let advice = InstrumentationAdvice.make([first, second])
    #expect(advice.map(\.factor) == ["traces", "errors"])
    #expect(advice[0].uplift == 0.45 && abs(advice[1].uplift - 0.2) < 1e-9)
    #expect(advice[1].journeys == ["first", "second"] && advice.allSatisfy { !$0.advice.isEmpty })
  }
}
