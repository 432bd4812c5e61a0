internal import ArgumentParser
internal import Dataflow
internal import Foundation
internal import Jobs
internal import Server

/// Runs shards of jobs beside other workers.
struct WorkerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Runs a share of the jobs' shards, beside any number of other workers.",
    discussion: """
      A job with `exchange:` is cut at its keyed steps into stages, and each stage into shards. Leases in PostgreSQL say which worker runs which shard; start
      as many workers as you like. When one is gone, the others take its shards over after the lease time. The first signal stops its shards with a
      checkpoint and gives the leases back; a second ends at once, which loses nothing either.

      Without a file a worker runs the jobs that `sloscout server` keeps in the same database, and follows it: starts, stops, upgrades. With files, the same
      for every worker, no server is needed.

      EXAMPLES
        sloscout worker --database postgresql://localhost/sloscout
        sloscout worker jobs.yaml --database postgresql://localhost/sloscout
        sloscout worker jobs.yaml --job fingerprint --as "$HOSTNAME" --listen 0.0.0.0:8080
        sloscout worker status --database postgresql://localhost/sloscout
        sloscout worker rescale fingerprint --partitions 48
        sloscout worker savepoint fingerprint before-upgrade
        sloscout worker jobs.yaml --job trial --from fingerprint/before-upgrade
      """, subcommands: [Start.self, Status.self, Rescale.self, TakeSavepoint.self], defaultSubcommand: Start.self)

  struct Start: StopsGracefully {
    static let configuration = CommandConfiguration(commandName: "start", abstract: "Starts a worker (the default).")
    @OptionGroup var options: JobOptions
    @OptionGroup var database: ServerCommand.DatabaseOption
    @Option(name: .customLong("as"), help: "What people call this worker; the machine's name when left out.") var worker: String?
    @Option(help: "Seconds of silence after which others may take the shards over.") var leaseTime: Double = 6
    @Option(help: "Answer /health/live, /health/ready and /metrics on this address and port: 127.0.0.1:8080.") var listen: String?
    @Option(help: "Begin with a savepoint, JOB/NAME, a job that no worker ever ran; needs --job.") var from: String?
    @Flag(help: "Only warnings, and what starts and ends.") var quiet = false
    @Option(help: "Without a file: a variable that jobs of the server may read besides DATABASE_URL and SLOSCOUT_STATE. May be repeated.")
    var allowVariable: [String] = []
    @Option(help: "Without a file: a file or folder that jobs of the server may read. May be repeated.") var allowPath: [String] = []

    func validate() throws {
      guard from == nil || options.job != nil else {
        throw ValidationError("--from needs --job: it is one job that begins with a savepoint")
      }
      guard (1...600).contains(leaseTime) else { throw ValidationError("--lease-time must be from 1 to 600 seconds") }
      guard !options.files.isEmpty || options.isPlain else {
        throw ValidationError("that option changes jobs of a file: name the file; without one the worker runs what the server stores")
      }
    }

    func run() async throws {
      let url = try database.url()
      let environment = ProcessInfo.processInfo.environment
      var settings = Worker.Options(database: url, name: worker ?? ProcessInfo.processInfo.hostName)
      settings.leaseTime = Int64(leaseTime * 1e9)
      settings.environment = environment
      settings.origin = from
      let log = WorkerLog(quiet: quiet, trace: CrashTrace(path: environment["SLOSCOUT_TRACE"]))
      let worker =
        options.files.isEmpty
        ? Worker(settings, planner: planner(url)) { log.note($0) } : Worker(try sharded(url), settings) { log.note($0) }
      let health = try await HealthPage.start(listen) { await log.snapshots(of: worker) }
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

    /// How documents of the server are read here: with no more of this machine than the server lets them have.
    private func planner(_ url: String) -> Worker.Planner {
      let document = JobDocument(variables: DocumentVariables.of(url, allowed: allowVariable), paths: PathGuard(allowed: allowPath))
      return { text, name in try document.plan(text, name: name).job }
    }

    /// The jobs of the files. Throws exit code 2 when there is none to run.
    private func sharded(_ url: String) throws -> [ShardedJob] {
      let jobs = try options.jobs(["DATABASE_URL": url]).filter { options.job != nil || $0.definition.state == .running }.filter {
        guard $0.definition.exchange == nil else { return true }
        Terminal.error("\($0.graph.name): has no exchange, so it is not run by workers")
        return false
      }
      guard !jobs.isEmpty else {
        Terminal.error("no job is to run: name one with --job, and give it an exchange: { connection: … }")
        throw ExitCode(Exit.wrongFile)
      }
      do {
        let sharded = try jobs.map { try ShardedJob($0) }
        if let from { for job in sharded { try job.check(origin: from, environment: ProcessInfo.processInfo.environment) } }
        return sharded
      } catch {
        Terminal.error("\(error)")
        throw ExitCode(Exit.wrongFile)
      }
    }
  }
}
