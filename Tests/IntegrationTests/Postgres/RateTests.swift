import Dataflow
import Foundation
import SinkTesting
import Testing

@Suite("Postgres sink: rate", .serialized)
struct RateTests {
  /// SLOSCOUT_TEST_ROWS makes it large enough to measure.
  private let rowCount = ProcessInfo.processInfo.environment["SLOSCOUT_TEST_ROWS"].flatMap { Int($0) } ?? 5_000

  @Test("a large epoch is written whole; the rate is printed, not judged", arguments: [(true, false), (true, true), (false, false)])
  func rate(isKeyed: Bool, isReplacing: Bool) throws {
    let database = try TestDatabase()
    let sink = isKeyed ? try Sinks.capsules(database.url) : try Sinks.pairs(database.url, keyed: false)
    let rows: [[TestValue]] = (0..<rowCount).map {
      isKeyed
        ? Sinks.capsule(.text("service-\($0 % 27)"), shape: "0123456789abcdef\($0)", hour: Int64($0 % 48)) : [.int(Int64($0)), "some text"]
    }
    let (committer, _) = try sink.open(isFresh: true)
    if isReplacing { _ = try committer.apply(sink.epoch(1, rows)) }
    let batches = TestRows.batches(sink.schema, rows)
    let writer = try sink.makeWriter()
    let output = Output(operatorID: "sink")
    let started = Self.threadTime()
    for batch in batches { try writer.process(batch, output) }
    let encoding = Self.threadTime() - started
    let epoch = sink.epoch(isReplacing ? 2 : 1, stages: [writer.takeStage()])
    var report = ApplyReport(applied: 0)
    let applying = try ContinuousClock().measure { report = try committer.apply(epoch) }
    #expect(report == ApplyReport(applied: rows.count))
    let bytes = epoch.chunks.map(\.count).reduce(0, +)
    let kind = isKeyed ? isReplacing ? "capsules, replaced" : "capsules, new" : "pairs, appended"
    print(
      "MEASURED \(kind): \(rows.count) rows, \(bytes) bytes, encoding \(perSecond(rows.count, encoding)), applying \(perSecond(rows.count, applying))"
    )
  }

  /// Time that this thread has computed: what others do on the machine is left out.
  private static func threadTime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }

  private func perSecond(_ count: Int, _ duration: Duration) -> String { "\(Int(Double(count) / (duration / .seconds(1)))) rows/s" }
}
