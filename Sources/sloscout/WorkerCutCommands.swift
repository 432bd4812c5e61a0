internal import ArgumentParser
internal import Dataflow
internal import Jobs

extension WorkerCommand {
  /// Gives a job other numbers of shards.
  struct Rescale: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rescale", abstract: "Gives a job that runs over workers other numbers of shards.",
      discussion: """
        Its shards are drained, its state is divided anew, and the shards of the next version go on; workers need not be restarted. Until somebody changes the
        numbers in the job's file they stay like this. Returns when the job runs again; until then it says what it waits for. Exit code 75: that was not so
        after --wait seconds. The request stands.

        EXAMPLES
          sloscout worker rescale fingerprint --partitions 48 --database postgresql://localhost/sloscout
          sloscout worker rescale fingerprint --readers 4 --partitions 24
        """)
    @Argument(help: "The job.") var job: String
    @Option(help: "Shards of every stage but the first.") var partitions: Int?
    @Option(help: "Shards of the first stage, which reads the sources.") var readers: Int?
    @OptionGroup var waiting: Waiting
    @OptionGroup var database: ServerCommand.DatabaseOption

    func validate() throws {
      guard partitions != nil || readers != nil else { throw ValidationError("say --partitions, --readers or both") }
      guard (1...720).contains(partitions ?? 1), (1...720).contains(readers ?? 1) else {
        throw ValidationError("--partitions and --readers must be from 1 to 720")
      }
    }

    func run() async throws {
      let cuts = waiting.cuts(try database.url())
      try await WorkerCommand.ending {
        Terminal.print(try await cuts.rescale(job, readers: readers, partitions: partitions))
      }
    }
  }

  /// Keeps the state of a whole job.
  struct TakeSavepoint: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "savepoint", abstract: "Keeps the state of a job that runs over workers beyond the retention of its checkpoints.",
      discussion: """
        Its shards are drained and go on as the next version; what they had then is copied to where the job keeps its checkpoints. It returns when the job
        runs again, and says until then what it waits for; exit code 75 when that was not so after --wait seconds: the request stands. Another job may begin with it: sloscout worker jobs.yaml --job trial --from fingerprint/before-upgrade

        EXAMPLES
          sloscout worker savepoint fingerprint before-upgrade --database postgresql://localhost/sloscout
        """)
    @Argument(help: "The job.") var job: String
    @Argument(help: "The savepoint's name: letters, digits and hyphens.") var name: String
    @OptionGroup var waiting: Waiting
    @OptionGroup var database: ServerCommand.DatabaseOption

    func validate() throws {
      guard Savepoint.isName(name) else { throw ValidationError("\"\(name)\" cannot be a savepoint's name: use 1 to 40 of a-z, 0-9 and -") }
    }

    func run() async throws {
      let cuts = waiting.cuts(try database.url())
      try await WorkerCommand.ending { Terminal.print(try await cuts.savepoint(job, name)) }
    }
  }

  /// How long a command waits for workers.
  struct Waiting: ParsableArguments {
    @Option(help: "Seconds to wait for workers at most.") var wait = 300

    func validate() throws {
      guard (1...86_400).contains(wait) else { throw ValidationError("--wait is from 1 to 86400 seconds") }
    }

    func cuts(_ database: String) -> JobCuts { JobCuts(database: database, wait: .seconds(wait)) { Terminal.error("waiting: \($0)") } }
  }

  /// Says what failed, and ends with exit code 1; 75 when it may still come.
  private static func ending(_ body: () async throws -> Void) async throws {
    do { try await body() } catch {
      Terminal.error("\(error)")
      throw ExitCode(error is CutAwaited ? Exit.awaited : Exit.failed)
    }
  }
}
