internal import ArgumentParser
internal import Connectors
internal import Dataflow
internal import Foundation
internal import Jobs
internal import Synchronization

/// Runs jobs until their input ends or they are stopped.
struct RunCommand: StopsGracefully {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Runs jobs until their input ends, or until Ctrl-C.",
    discussion: """
      Ctrl-C stops reading, takes a checkpoint and exits 0: the next run goes on from there. A second Ctrl-C stops at once, which loses nothing either.

      EXAMPLES
        sloscout run                                    the jobs of jobs.yaml
        sloscout run jobs.yaml --job embedding          one of them, also when its state is suspended
        sloscout run --job traces --listen 127.0.0.1:9464     spans in, metrics of journeys out
        sloscout run --input '/var/log/*.log' --name machine-logs
        sloscout run --input traces/logs.otlp.jsonl.gz --name train
        sloscout run Examples/receive-logs.yaml --listen 127.0.0.1:8080
      """)

  @OptionGroup var options: JobOptions
  @Flag(help: "No progress, only warnings and the balance.") var quiet = false
  @Option(help: "Answer /health/live, /health/ready and /metrics on this address and port: 127.0.0.1:8080.") var listen: String?

  func run() async throws {
    // A job that is named runs, suspended or not.
    let jobs = try options.jobs().filter { options.job != nil || $0.definition.state == .running }
    guard !jobs.isEmpty else {
      Terminal.error("no job is to run: all are suspended")
      return
    }
    let sessions = try jobs.map { try JobRun($0, quiet: quiet) }
    let health = try await HealthPage.start(listen) {
      var jobs: [JobSnapshot] = []
      for session in sessions { jobs.append(await session.snapshot()) }
      return jobs
    }
    SignalWatcher.start {
      Terminal.error("\nstopping: a last checkpoint, then the end (again to stop at once)")
      for session in sessions { Task { await session.stop() } }
    }
    let failures = await withTaskGroup(of: Bool.self) { group in
      for session in sessions { group.addTask { await session.run() } }
      return await group.reduce(0) { $0 + ($1 ? 0 : 1) }
    }
    await health?.stop()
    if failures > 0 { throw ExitCode(Exit.failed) }
  }
}

/// One job of a `run`: its session, its progress, its end.
private final class JobRun: Sendable {
  private let session: JobSession
  private let meter: MeterBox
  private let health: HealthBox
  private let quiet: Bool
  private let trace: CrashTrace?

  init(_ job: PlannedJob, quiet: Bool) throws {
    self.quiet = quiet
    let meter = MeterBox(ProgressMeter(job.graph))
    let health = HealthBox(
      JobHealth(job: job.definition.name, interval: job.graph.checkpoint.interval, now: Self.now))
    let name = job.definition.name
    let environment = ProcessInfo.processInfo.environment
    let failpoint = Failpoint(environment["SLOSCOUT_FAILPOINT"])
    let trace = CrashTrace(path: environment["SLOSCOUT_TRACE"])
    self.trace = trace
    session = try JobSession(
      job, environment: environment,
      observer: JobObserver { event in
        trace?.note(event)
        health.value.withLock { $0.note(event, now: Self.now) }
        if case .phase(let phase, let epoch) = event { failpoint?.reached(phase, epoch) }
        if case .checkpoint(let report) = event { meter.value.withLock { $0.note(report) } }
        if let line = event.line(name, quiet: quiet) { Self.say(line) }
      })
    self.meter = meter
    self.health = health
  }

  private final class HealthBox: Sendable {
    let value: Mutex<JobHealth>
    init(_ health: consuming JobHealth) { value = Mutex(health) }
  }

  /// Nanoseconds since 1970.
  static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1e9) }

  /// What the job looks like now.
  func snapshot() async -> JobSnapshot { await session.snapshot(health.value.withLock { $0 }) }

  private final class MeterBox: Sendable {
    let value: Mutex<ProgressMeter>
    init(_ meter: consuming ProgressMeter) { value = Mutex(meter) }
  }

  private static func say(_ text: String) {
    Terminal.clearStatus()
    Terminal.error(text)
  }

  func stop() async { await session.runner.stop() }

  /// Runs to the end. Returns false when the job failed.
  func run() async -> Bool {
    let progress = Task { await showProgress() }
    let tracing = trace.map { trace in Task { await follow(trace) } }
    defer {
      progress.cancel()
      tracing?.cancel()
    }
    do {
      let result = try await session.runner.run()
      health.value.withLock { $0.end(nil) }
      progress.cancel()
      Terminal.clearStatus()
      let table = BalanceTable(result.totals)
      let counts = CountsTable(result.counts).text
      let read = RecordsRead.count(result.thisRun, sources: session.graph.sources.map(\.id))
      Terminal.error(
        "\(session.graph.name): \(result.isEndOfInput ? "the input is at its end" : "stopped"); \(read) records read in this run\n\(table.text)"
          + (counts.isEmpty ? "" : "\n\(counts)")
      )
      return table.isBalanced
    } catch {
      health.value.withLock { $0.end("\(error)") }
      progress.cancel()
      Self.say("\(session.graph.name): failed: \(error)")
      return false
    }
  }

  /// Twice a second on a terminal, every five seconds in a log.
  private func showProgress() async {
    guard !quiet else { return }
    let pause: UInt64 = Terminal.isInteractive ? 500_000_000 : 5_000_000_000
    while (try? await Task.sleep(nanoseconds: pause)) != nil {
      let status = await session.runner.status()
      let (now, monotonic) = (session.runtime.now(), session.runtime.monotonic())
      let line = meter.value.withLock { $0.line(status, now: now, monotonic: monotonic) }
      if Terminal.isInteractive { Terminal.status(line) } else { Terminal.error(line) }
    }
  }

  /// Writes down every ten milliseconds how many records the job has read.
  private func follow(_ trace: CrashTrace) async {
    let sources = session.graph.sources.map(\.id)
    while (try? await Task.sleep(nanoseconds: 10_000_000)) != nil {
      let totals = await session.runner.totals(await session.runner.status())
      let read = RecordsRead.count(totals, sources: sources)
      if read > 0 { trace.note(read: read) }
    }
  }
}
