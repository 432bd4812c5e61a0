import SLO
import Testing

@Suite("objectives")
struct ObjectiveTests {
  static func target(_ millionths: Int) -> ObjectiveTarget { ObjectiveTarget(millionths: millionths) ?? ObjectiveTarget.ladder[0] }

  @Test("over 30 days the factors are 14.4, 6, 3 and 1, and shares of the budget 2, 5, 10 and 10 %")
  func factors() {
    let (pairs, notes) = BurnPair.pairs(target: Self.target(999_000), days: 30)
    #expect(pairs.map(\.factor) == [14.4, 6, 3, 1] && notes.isEmpty)
    #expect(pairs.map(\.minimumEvents) == [70, 167, 334, 1000])
    #expect(pairs.map(\.long.minutes) == pairs.map { $0.short.minutes * 12 })
  }

  @Test("no pair has a threshold that a ratio cannot reach", arguments: ObjectiveTarget.ladder + [target(500_000), target(10_000)])
  func reachable(_ target: ObjectiveTarget) {
    for days in [1, 7, 28, 30, 90] {
      let (pairs, notes) = BurnPair.pairs(target: target, days: days)
      #expect(pairs.allSatisfy { $0.threshold < 1 })
      #expect(zip(pairs, pairs.dropFirst()).allSatisfy { $0.factor > $1.factor })
      #expect(pairs.count == 4 || !notes.isEmpty, "what is left out is said")
    }
  }

  @Test("a steady burn fires after long window × factor / burn, and never below the factor")
  func timeToFire() {
    for millionths in [999_000, 990_000] {
      let target = Self.target(millionths)
      for burn in [0.9, 1.1, 2, 5, 13, 15, 50] where burn * target.budget <= 1 {
        let healthy = RateWindow.d3.minutes
        let history = EventHistory(
          total: [Double](repeating: 10_000, count: healthy * 2),
          bad: [Double](repeating: 0, count: healthy) + [Double](repeating: 10_000 * burn * target.budget, count: healthy))
        let pairs = BurnPair.pairs(target: target, days: 30).pairs
        let episodes = AlertReplay(history).episodes(pairs)
        for (index, pair) in pairs.enumerated() {
          let first = episodes.first { $0.pair == index }.map { Double($0.range.lowerBound - healthy) }
          guard let expected = pair.minutesToFire(burn: burn) else {
            #expect(first == nil, "\(pair.long) at \(burn)")
            continue
          }
          // Windows of a day and more are averages of five-minute rates, which see a change up to five minutes late.
          let latest = expected.rounded(.down) + 1 + Double(pair.hold) + (pair.long.isChained ? 6 : 0)
          #expect(first.map { $0 >= expected && $0 <= latest } == true, "\(pair.long) at \(burn): \(first ?? -1), expected \(expected)")
        }
      }
    }
  }

  @Test("15 times the burn pages between 57 and 60 minutes; 13 times leaves that pair silent and pages by the next after 2 h 46 min")
  func pages() {
    let healthy = RateWindow.d3.minutes
    func first(_ burn: Double) -> [Int?] {
      let history = EventHistory(
        total: [Double](repeating: 10_000, count: healthy + 400),
        bad: [Double](repeating: 0, count: healthy) + [Double](repeating: 10 * burn, count: 400))
      let pairs = BurnPair.pairs(target: Self.target(999_000), days: 30).pairs
      let episodes = AlertReplay(history).episodes(pairs)
      return [0, 1].map { pair in episodes.first { $0.pair == pair }.map { $0.range.lowerBound - healthy } }
    }
    #expect(first(15)[0] == 58)
    #expect(first(13) == [nil, 167])
  }

  @Test("the budget is Σbad / Σtotal, whatever the skew of traffic")
  func weighted() throws {
    var random = SplitMix(state: 11)
    for _ in 0..<200 {
      let total = (0..<3000).map { _ in Double(Int.random(in: 0...10, using: &random) == 0 ? 1000 : Int.random(in: 0...10, using: &random))
      }
      let bad = total.map { Double(Int.random(in: 0...max(0, Int($0) / 10), using: &random)) }
      let history = EventHistory(start: 0, total: total, bad: bad)
      let end = Int64.random(in: 1441...3000, using: &random)
      let budget = ErrorBudget(history, target: Self.target(990_000), window: .rolling(days: 1), at: end * 60_000_000_000)
      var (sum, wrong) = (0.0, 0.0)
      for minute in Int(end) - 1440..<Int(end) { (sum, wrong) = (sum + total[minute], wrong + bad[minute]) }
      #expect(abs((budget.errorRatio ?? -1) - wrong / sum) < 1e-9)
      #expect(abs((budget.remaining ?? -1) - (1 - wrong / sum / 0.01)) < 1e-9)
    }
    #expect(ErrorBudget(total: 0, bad: 0, target: Self.target(990_000)).remaining == nil)
  }

  @Test("a maintenance hour spends no budget")
  func exclusions() {
    let history = EventHistory(total: [Double](repeating: 10, count: 180), bad: (0..<180).map { (60..<120).contains($0) ? 10 : 0 })
    let hour: Int64 = 3_600_000_000_000
    #expect(history.excluding([hour..<2 * hour]).badEvents == 0)
    #expect(history.excluding([hour..<2 * hour]).totalEvents == 1200)
  }

  @Test("slices of time count once each, those without traffic not at all")
  func slices() {
    let history = EventHistory(
      total: [Double](repeating: 10, count: 10) + [0, 0, 0, 0, 0], bad: [0, 0, 0, 0, 1, 9, 0, 0, 0, 0] + [0, 0, 0, 0, 0])
    let slices = history.slices(minutes: 5, target: 0.95)
    #expect(slices.totalEvents == 2 && slices.badEvents == 1)
  }

  @Test("calendar windows begin on the first and end with the month, leap years included")
  func calendar() {
    let day: Int64 = 86_400_000_000_000
    // 2024-02-15.
    let range = ObjectiveWindow.calendar(.month).range(at: 19_768 * day + 5)
    #expect(range == (19_754 * day)..<(19_783 * day))
    let week = ObjectiveWindow.calendar(.week).range(at: 19_768 * day)
    #expect(week == (19_765 * day)..<(19_772 * day))
    let quarter = ObjectiveWindow.calendar(.quarter).range(at: 19_768 * day)
    #expect(quarter == (19_723 * day)..<(19_814 * day))
  }

  @Test("conservative is never laxer than balanced, nor balanced than aggressive")
  func strictness() throws {
    var random = SplitMix(state: 3)
    for round in 0..<30 {
      let rate = Double.random(in: 0...0.08, using: &random)
      let journey = Fixture.journey(days: 1) { index in
        (index &* 7919 % 1000) < Int(rate * 1000) ? Double(1 + index % 3) : 0
      }
      let plan = JourneyPlan(journey, ArtifactOptions())
      for choice in plan.choices {
        let targets = choice.variants.map(\.target)
        #expect(targets == targets.sorted(by: >), "round \(round): \(targets)")
        #expect(choice.variants.allSatisfy { !$0.isFeasible || ($0.backtest.budgetLeft ?? 0) >= 0 })
      }
    }
  }

  @Test("a proposal that history has broken already says so with its numbers, and too short a history blames nobody")
  func broken() throws {
    func objective(_ requests: Double, bad: Double) throws -> Objective {
      let indicator = try #require(IndicatorMaker().indicators(Fixture.journey(days: 1)).indicators.first { $0.kind == .errors })
      let history = EventHistory(total: [requests], bad: [bad])
      return try #require(ObjectiveChooser(indicator, history: history, window: .rolling(days: 30)).variants().last)
    }
    let broken = try objective(1000, bad: 400)
    #expect(!broken.isFeasible && broken.backtest.budgetText == "spent 4 times over")
    let said = "broken already: 400 of 1000 requests were bad, and 90 % allows 100: 4 times the budget"
    #expect(broken.notes.contains(said), "\(broken.notes)")
    #expect(broken.notes.contains { $0.contains("has to become better") })
    let short = try objective(10, bad: 4)
    #expect(!short.isFeasible && short.notes.contains { $0.hasPrefix("broken already: 4 of 10") }, "\(short.notes)")
    #expect(short.notes.contains { $0.contains("look again") } && !short.notes.contains { $0.contains("become better") }, "\(short.notes)")
    #expect(short.notes.contains { $0.contains("less than 0.1% of the window") }, "\(short.notes)")
    let sound = try objective(1000, bad: 1)
    #expect(sound.isFeasible && !sound.notes.contains { $0.contains("broken") }, "\(sound.notes)")
  }

  @Test("five steps of 99.9 % cannot keep 99.9 % together; parallel and optional ones help")
  func composite() {
    let steps = CompositeAvailability.series([CompositeAvailability](repeating: .part(0.999), count: 5))
    #expect(abs(steps.ceiling - 0.995009990004999) < 1e-12)
    #expect(steps.objection(to: Self.target(999_000)) != nil)
    #expect(steps.objection(to: Self.target(995_000)) == nil)
    #expect(abs(CompositeAvailability.parallel([.part(0.9), .part(0.9)]).ceiling - 0.99) < 1e-12)
    #expect(abs(CompositeAvailability.optional(.part(0.9), probability: 0.1).ceiling - 0.99) < 1e-12)
  }
}
