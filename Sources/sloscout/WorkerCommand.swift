internal import ArgumentParser
internal import Connectors
internal import Dataflow
internal import Foundation
internal import Jobs
internal import Synchronization

/// Runs shards of jobs beside other workers.
struct WorkerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Runs a share of the jobs' shards, beside any number of other workers.",
    discussion: """
      A job with `exchange:` is cut at its keyed steps into stages, and each stage into shards. Leases in PostgreSQL say which worker runs which shard; start
      as many workers as you like, with the same files. When one is gone, the others take its shards over after the lease time. The first signal stops
      its shards with a checkpoint and gives the leases back; a second ends at once, which loses nothing either.

      EXAMPLES
        sloscout worker jobs.yaml --database postgresql://localhost/sloscout
        sloscout worker jobs.yaml --job fingerprint --as "$HOSTNAME" --listen 0.0.0.0:8080
        sloscout worker status --database postgresql://localhost/sloscout
        sloscout worker rescale fingerprint --partitions 48
        sloscout worker savepoint fingerprint before-upgrade
        sloscout worker jobs.yaml --job trial --from fingerprint/before-upgrade
      """, subcommands: [Start.self, Status.self, Rescale.self, TakeSavepoint.self], defaultSubcommand: Start.self)

  struct Start: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "start", abstract: "Starts a worker (the default).")
    @OptionGroup var options: JobOptions
    @OptionGroup var database: ServerCommand.DatabaseOption
    @Option(name: .customLong("as"), help: "What people call this worker; the machine's name when left out.") var worker: String?
    @Option(help: "Seconds of silence after which others may take the shards over.") var leaseTime: Double = 6
    @Option(help: "Answer /health/live, /health/ready and /metrics on this address and port: 127.0.0.1:8080.") var listen: String?
    @Option(help: "Begin with a savepoint, JOB/NAME, a job that no worker ever ran; needs --job.") var from: String?
    @Flag(help: "Only warnings, and what starts and ends.") var quiet = false

    func validate() throws {
      guard from == nil || options.job != nil else {
        throw ValidationError("--from needs --job: it is one job that begins with a savepoint")
      }
      guard (1...600).contains(leaseTime) else { throw ValidationError("--lease-time must be from 1 to 600 seconds") }
    }

    func run() async throws {
      let url = try database.url()
      let jobs = try options.jobs(["DATABASE_URL": url]).filter { options.job != nil || $0.definition.state == .running }.filter {
        guard $0.definition.exchange == nil else { return true }
        Terminal.error("\($0.graph.name): has no exchange, so it is not run by workers")
        return false
      }
      guard !jobs.isEmpty else {
        Terminal.error("no job is to run: name one with --job, and give it an exchange: { connection: … }")
        throw ExitCode(Exit.wrongFile)
      }
      let sharded: [ShardedJob]
      do {
        sharded = try jobs.map { try ShardedJob($0) }
        if let from { for job in sharded { try job.check(origin: from, environment: ProcessInfo.processInfo.environment) } }
      } catch {
        Terminal.error("\(error)")
        throw ExitCode(Exit.wrongFile)
      }
      let environment = ProcessInfo.processInfo.environment
      var settings = Worker.Options(database: url, name: worker ?? ProcessInfo.processInfo.hostName)
      settings.leaseTime = Int64(leaseTime * 1e9)
      settings.environment = environment
      settings.origin = from
      let log = WorkerLog(quiet: quiet, trace: CrashTrace(path: environment["SLOSCOUT_TRACE"]))
      let worker = Worker(sharded, settings) { log.note($0) }
      let health = try await WorkerHealth.start(listen, worker, log)
      SignalWatcher.start {
        Terminal.error("\nstopping: a last checkpoint of every shard, then the end (again to stop at once)")
        Task { await worker.stop() }
      }
      do {
        let isFinished = try await worker.run()
        await health?.stop()
        Terminal.error(isFinished ? "all shards are at the end of their input" : "stopped")
      } catch {
        Terminal.error("the worker cannot run: \(error)")
        throw ExitCode(Exit.failed)
      }
    }
  }
}

/// What a worker says of what happens, and what it remembers for its health.
final class WorkerLog: Sendable {
  private let quiet: Bool
  private let trace: CrashTrace?
  private let state = Mutex<[JobShard: JobHealth]>([:])
  private let away = Mutex<String?>(nil)

  init(quiet: Bool, trace: CrashTrace?) {
    self.quiet = quiet
    self.trace = trace
  }

  /// Why the leases cannot be looked at; nil while they can.
  var trouble: String? { away.withLock { $0 } }

  /// The health of what runs here.
  var health: [JobShard: JobHealth] { state.withLock { $0 } }

  private static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1e9) }

  func note(_ event: Worker.Event) {
    switch event {
    case .started(let shard, let generation):
      state.withLock { $0[shard] = JobHealth(job: shard.name, interval: 5_000_000_000, now: Self.now) }
      Terminal.error("\(shard): runs here, generation \(generation)")
    case .ended(let shard, let ending):
      state.withLock { $0[shard] = nil }
      switch ending {
      case .finished: Terminal.error("\(shard): the input is at its end")
      case .stopped: Terminal.error("\(shard): stopped with a checkpoint, and given back")
      case .drained: Terminal.error("\(shard): drained: the next version of the job goes on from its last checkpoint")
      case .lost: Terminal.error("\(shard): warning: the lease is lost; another worker goes on from the last checkpoint")
      case .failed(let why): Terminal.error("\(shard): failed: \(why)")
      }
    case .job(let shard, let event):
      trace?.note(event)
      state.withLock { $0[shard]?.note(event, now: Self.now) }
      switch event {
      case .warning(let text): Terminal.error("\(shard): warning: \(text)")
      case .restored(let epoch, let records):
        if !quiet { Terminal.error("\(shard): going on from checkpoint \(epoch), after \(records) records") }
      case .restarting(let attempt, let delay, let cause):
        Terminal.error("\(shard): failed (\(cause)); attempt \(attempt) in \(delay / 1_000_000) ms")
      case .applied(let sink, let epoch, _, let refused):
        if refused > 0 {
          Terminal.error("\(shard): \(sink) refused \(refused) rows of epoch \(epoch); they are in its table of refused rows")
        }
      case .phase, .checkpoint: break
      }
    case .cut(let job, let layout):
      Terminal.error("\(job): version \(layout.version), with \(layout.readers) readers and \(layout.partitions) partitions")
    case .cutFailed(let job, let why): Terminal.error("\(job): warning: the next version cannot be made yet: \(why)")
    case .databaseAway(let why):
      away.withLock { $0 = why }
      Terminal.error("warning: the leases cannot be looked at; what runs goes on, nothing new starts: \(why)")
    case .databaseBack:
      away.withLock { $0 = nil }
      Terminal.error("the leases can be looked at again")
    }
  }
}

/// What a worker answers about itself over HTTP.
enum WorkerHealth {
  /// Listens before the first lease is claimed; nil when it was not asked for. Throws exit code 2 when the address cannot be had.
  static func start(_ listen: String?, _ worker: Worker, _ log: WorkerLog) async throws -> HealthServer? {
    guard let listen else { return nil }
    guard let address = ListenAddress(listen) else {
      Terminal.error("--listen \(listen) is not an address and a port, such as 127.0.0.1:8080")
      throw ExitCode(Exit.wrongFile)
    }
    let server = HealthServer(address) {
      let health = log.health
      var jobs: [JobSnapshot] = []
      for (shard, session) in await worker.sessions.sorted(by: { $0.key < $1.key }) {
        guard let health = health[shard] else { continue }
        let status = await session.runner.status()
        jobs.append(
          JobSnapshot(
            health: health, sources: session.graph.sources.map(\.id), status: status, totals: await session.runner.totals(status)))
      }
      let topics = await OpenTopics.shared.reach()
      return HealthReport(
        jobs, spools: OpenSpools.levels, topics: topics, now: Int64(Date().timeIntervalSince1970 * 1e9),
        residentBytes: HealthServer.residentBytes, exposition: OpenExpositions.text)
    }
    server.start()
    while case .starting = server.state { try await Task.sleep(nanoseconds: 1_000_000) }
    if case .failed(let why) = server.state {
      Terminal.error("--listen: \(why)")
      throw ExitCode(Exit.wrongFile)
    }
    return server
  }
}
