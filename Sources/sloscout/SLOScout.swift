internal import ArgumentParser
internal import Server

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
}
