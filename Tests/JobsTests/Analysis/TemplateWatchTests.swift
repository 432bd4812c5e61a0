import DataflowTesting
import Jobs
import SLO
import Testing

@Suite("log templates that change")
struct TemplateWatchTests {
  private static let minute: Int64 = 60_000_000_000
  /// Six hours: the newest sixth is the last of them.
  private static let window = 0...(360 * minute)

  /// Counts so many records of a message in each minute of a range.
  private static func count(
    _ watch: TemplateWatch, _ message: (Int) -> String, _ perMinute: Int, in minutes: Range<Int64>, service: String = "pay",
    isError: Bool = false
  ) {
    for minute in minutes {
      for number in 0..<perMinute {
        var (service, text) = (service, message(Int(minute) * perMinute + number))
        service.withUTF8 { service in
          text.withUTF8 { watch.add(service: service, message: $0, time: minute * Self.minute + 1, isError: isError) }
        }
      }
    }
  }

  @Test("a template that comes three times at the end and never before is new; one that always came at this rate is not told")
  func new() throws {
    let watch = TemplateWatch()
    Self.count(watch, { "order \($0) stored" }, 5, in: 0..<360)
    Self.count(watch, { "card of \($0) refused" }, 1, in: 350..<353, isError: true)
    Self.count(watch, { "retry \($0) of two" }, 1, in: 350..<352)
    let changes = watch.changes(in: Self.window)
    let change = try #require(changes.first)
    #expect(changes.count == 1 && change.service == "pay" && change.severity == "ERROR")
    #expect(change.count == 3 && change.countBefore == 0 && change.template.hasPrefix("card of ") && change.template.hasSuffix(" refused"))
    #expect(change.fingerprint.count == 32 && change.sample == "card of 350 refused")
  }

  @Test("a rate counts as changed at three times and five standard deviations, not before", arguments: 0..<20)
  func rate(seed: Int) {
    var random = DataflowTesting.SeededRandom(UInt64(seed))
    let before = random.int(1...20)
    let now = random.int(1...80)
    let watch = TemplateWatch()
    Self.count(watch, { "order \($0) stored" }, before, in: 0..<300)
    Self.count(watch, { "order \($0) stored" }, now, in: 300..<360)
    // As many minutes as the end has, of those before it.
    let expected = Double(before * 300) * 61 / 300
    let isMore = Double(now * 60) >= 3 * expected && Double(now * 60) - expected >= 5 * expected.squareRoot()
    #expect(watch.changes(in: Self.window).map(\.count) == (isMore ? [now * 60] : []), "seed \(seed): \(before), then \(now)")
  }

  @Test("errors come first, then what changed most; the same templates of two services are two")
  func order() {
    let watch = TemplateWatch()
    Self.count(watch, { "queue of \($0) full" }, 9, in: 340..<360)
    Self.count(watch, { "queue of \($0) full" }, 2, in: 340..<360, service: "mail")
    Self.count(watch, { "no route to \($0)" }, 1, in: 340..<345, isError: true)
    let changes = watch.changes(in: Self.window)
    #expect(changes.map(\.service) == ["pay", "pay", "mail"] && changes.map(\.count) == [5, 180, 40])
    #expect(changes[1].fingerprint == changes[2].fingerprint)
  }

  @Test("samples hold no personal data, and are cut")
  func redacted() throws {
    let watch = TemplateWatch()
    Self.count(watch, { _ in "mail to bo@example.com bounced " + String(repeating: "x", count: 500) }, 1, in: 355..<359)
    let change = try #require(watch.changes(in: Self.window).first)
    #expect(!change.sample.contains("bo@") && change.sample.count == 301 && change.sample.hasSuffix("…"))
  }

  @Test("a window too short to be divided has no changes, and records outside of it do not count")
  func short() {
    let watch = TemplateWatch()
    Self.count(watch, { "card of \($0) refused" }, 3, in: 355..<359)
    #expect(watch.changes(in: 0...0) == [] && watch.changes(in: 0...(300 * Self.minute)) == [])
  }

  @Test("what changed in a journey's services is evidence for its errors, and for no other journey")
  func evidence() throws {
    let watch = TemplateWatch()
    Self.count(watch, { "card of \($0) refused" }, 1, in: 350..<355, service: "payment", isError: true)
    var options = ArtifactOptions()
    options.templateChanges = watch.changes(in: Self.window)
    let minutes = (0..<60).map { index in
      JourneyMinute(start: Int64(index) * Self.minute, requests: 30, errors: 1, buckets: [30] + [Double](repeating: 0, count: 24))
    }
    let duration = DurationSummary(p50: 1, p95: 2, p99: 3, max: 4)
    func plan(_ services: [String]) -> JourneyPlan {
      let step = JourneyStep(
        service: services[0], operation: "GET /", traces: 1_800, spans: 1_800, errors: 60, criticalShare: 1, duration: duration)
      return JourneyPlan(
        Journey(
          id: "0123456789abcdef0123456789abcdef", name: "check out", slug: "check-out", entryService: services[0], entryOperation: "GET /",
          environment: "prod", services: services, steps: [step], calls: [], minutes: minutes,
          duration: duration, errorEvidence: .spans, confidence: 0.9, confidenceFactors: [],
          slowTraces: [], failedTraces: []), options)
    }
    func told(_ plan: JourneyPlan, _ kind: Indicator.Kind) -> [String] {
      plan.indicators.first { $0.kind == kind }?.evidence.filter { $0.kind == .template }.map(\.text) ?? []
    }
    let touched = plan(["shop", "payment"])
    #expect(told(touched, .errors).first?.hasPrefix("payment logs 5 times, 0 before: card of ") == true)
    #expect(told(touched, .latency).isEmpty && told(plan(["shop", "cart"]), .errors).isEmpty)
  }
}
