internal import ArgumentParser
internal import Glibc
internal import Server

/// A command that runs until it is stopped, and listens for that with `SignalWatcher.start`. Signals end all others at once.
protocol StopsGracefully: AsyncParsableCommand {}

@main
struct SLOScout: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sloscout", abstract: "Turns logs, traces and metrics into service level objectives, on a streaming engine of its own.",
    version: "sloscout \(ServerVersion.text)",
    subcommands: [
      AnalyzeCommand.self, RunCommand.self, WorkerCommand.self, ServerCommand.self, SubmitCommand.self, JobsCommand.self, JobCommand.self,
      SavepointCommand.self, TapCommand.self, CheckCommand.self,
      TestCommand.self, ExplainCommand.self, SchemaCommand.self, CheckpointsCommand.self, DLQCommand.self, GenerateCommand.self,
      FingerprintCommand.self, RedactCommand.self, SearchCommand.self, ArtifactsCommand.self, BenchCommand.self,
    ])

  /// Signals are heard before anything else is done, as reading the options alone takes as long as all that came before.
  @MainActor static func main() async {
    SignalWatcher.install()
    do {
      var command = try await asyncParseAsRoot()
      if command is any StopsGracefully { signal(SIGPIPE, SIG_IGN) } else { SignalWatcher.remove() }
      if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
    } catch { exit(withError: error) }
  }
}
