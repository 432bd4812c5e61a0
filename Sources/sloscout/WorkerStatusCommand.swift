internal import ArgumentParser
internal import Jobs

extension WorkerCommand {
  /// Prints who runs what.
  struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "status", abstract: "Prints how jobs are cut, who runs which shard, up to which checkpoint, and what failed.",
      discussion: """
        Exit code 0 when every shard that should run has a worker, 1 otherwise.

        EXAMPLES
          sloscout worker status --database postgresql://localhost/sloscout
        """)
    @OptionGroup var database: ServerCommand.DatabaseOption

    func run() async throws {
      let (shards, jobs): ([ShardStatus], String)
      do {
        let url = try database.url()
        (shards, jobs) = (try await ShardStatus.all(database: url), try await ShardStatus.jobs(database: url))
      } catch {
        Terminal.error("the leases cannot be looked at: \(error)")
        throw ExitCode(Exit.failed)
      }
      guard !shards.isEmpty else {
        Terminal.print("no job has run over workers here: submit one with exchange: to the server, and start sloscout worker")
        return
      }
      if !jobs.isEmpty { Terminal.print(jobs) }
      Terminal.print(ShardStatus.table(shards))
      if shards.contains(where: \.isMissing) { throw ExitCode(Exit.failed) }
    }
  }
}
