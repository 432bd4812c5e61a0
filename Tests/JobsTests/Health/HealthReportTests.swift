import Connectors
import Dataflow
import Jobs
import Synchronization
import Testing

@Suite("health")
struct HealthReportTests {
  private let second: Int64 = 1_000_000_000

  private func health(_ events: [JobEvent] = [], at now: Int64 = 0) -> JobHealth {
    var health = JobHealth(job: "j", interval: second, now: 0)
    for event in events { health.note(event, now: now) }
    return health
  }

  @Test("a job that restarts or failed is not ready, and says why; one that goes on is")
  func restarts() {
    var health = health([.restarting(attempt: 1, delay: 1, cause: "no port")])
    #expect(health.reasons(now: 1) == ["it failed and is started again: no port"])
    #expect(health.restarts == 1)
    health.note(.phase(.reading, epoch: 1), now: 2)
    #expect(health.reasons(now: 3) == [])
    health.end("no disk")
    #expect(health.reasons(now: 4) == ["it failed: no disk"])
  }

  @Test("a job without checkpoints for a minute is not ready, unless it has come to its end")
  func checkpoints() {
    var health = health()
    #expect(health.reasons(now: 60 * second) == [])
    #expect(health.reasons(now: 61 * second) == ["no checkpoint for 61 s"])
    health.end(nil)
    #expect(health.reasons(now: 61 * second) == [])
  }

  @Test("rows that wait for a sink for a minute make a job not ready, until it has them")
  func sinks() {
    var health = health([.phase(.staged, epoch: 4)], at: 10 * second)
    #expect(health.reasons(now: 60 * second) == [])
    #expect(health.reasons(now: 71 * second).contains("rows have waited 61 s for a sink"))
    health.note(.applied(sink: "store", epoch: 4, rows: 7, refused: 1), now: 72 * second)
    health.note(.phase(.applied, epoch: 4), now: 72 * second)
    #expect(!health.reasons(now: 73 * second).contains { $0.hasPrefix("rows") })
    #expect(health.sinks["store"]?.rows == 7 && health.sinks["store"]?.epoch == 4)
  }

  @Test("a spool that is full makes the process not ready, and stands in the metrics")
  func spools() {
    let job = JobSnapshot(health: health(), sources: ["s"], status: [], totals: [("s", OperatorCounters())])
    let good = HealthReport([job], spools: [SpoolLevel(name: "loki", bytes: 9, limit: 10)], now: second)
    #expect(good.reasons == [] && good.metrics.contains("\nsloscout_spool_bytes{spool=\"loki\"} 9\n"))
    #expect(good.metrics.hasPrefix("# HELP sloscout_up 1 while") && good.metrics.contains("\nsloscout_up 1\n"))
    let full = HealthReport([job], spools: [SpoolLevel(name: "loki", bytes: 10, limit: 10)], now: second)
    #expect(full.reasons == ["spool loki is full: 10 of 10 bytes"] && full.metrics.contains("\nsloscout_up 0\n"))
  }

  @Test("Kafka that does not answer makes the process not ready; how full spools are and what answers is told besides")
  func topics() {
    let spools = [SpoolLevel(name: "loki", bytes: 9, limit: 10)]
    let good = HealthReport([], spools: spools, topics: [TopicReach(place: "Kafka at a:1")], now: second)
    #expect(good.reasons == [] && good.details == ["spool loki: 9 of 10 bytes", "Kafka at a:1 answers"])
    let bad = HealthReport([], spools: spools, topics: [TopicReach(place: "Kafka at a:1", trouble: "no route")], now: second)
    #expect(bad.reasons == ["Kafka at a:1 does not answer: no route"] && bad.details == ["spool loki: 9 of 10 bytes"])
    #expect(bad.metrics.contains("\nsloscout_topics_reachable{place=\"Kafka at a:1\"} 0\n"))
  }

  private final class System: TopicSystem {
    struct Away: Error {}
    let place: String
    let asked = Mutex(0)
    let isThere: Bool
    init(_ place: String, isThere: Bool) { (self.place, self.isThere) = (place, isThere) }
    func ask() throws {
      asked.withLock { $0 += 1 }
      if !isThere { throw Away() }
    }
  }

  @Test("a system with topics is asked once, however many use it and however many want to know; one that nobody uses any more is not")
  func asks() async {
    let open = OpenTopics(patience: .max)
    let systems = [System("a", isThere: true), System("a", isThere: true), System("b", isThere: false)]
    for system in systems { open.add(system) }
    open.add(System("gone", isThere: true))
    for _ in 0..<3 { #expect(await open.reach() == [TopicReach(place: "a"), TopicReach(place: "b", trouble: "Away()")]) }
    #expect(systems.map { $0.asked.withLock { $0 } } == [1, 0, 1])
  }

  @Test("a family has one head, samples stand under it, and labels are escaped")
  func text() {
    var text = MetricsText()
    text.add("a_total", .counter, "As.", [("x", "q\"\\\n")], 1)
    text.add("b", .gauge, "Bs.", [], 0.5)
    text.add("a_total", .counter, "As.", [("x", "z")], 1e18)
    #expect(
      text.text == """
        # HELP sloscout_a_total As.
        # TYPE sloscout_a_total counter
        sloscout_a_total{x="q\\"\\\\\\n"} 1
        sloscout_a_total{x="z"} 1e+18
        # HELP sloscout_b Bs.
        # TYPE sloscout_b gauge
        sloscout_b 0.5

        """)
  }
}
