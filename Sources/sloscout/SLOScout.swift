internal import ArgumentParser

@main
struct SLOScout: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sloscout", abstract: "Turns logs, traces and metrics into service level objectives, on a streaming engine of its own.",
    subcommands: [
      RunCommand.self, CheckCommand.self, TestCommand.self, ExplainCommand.self, SchemaCommand.self, CheckpointsCommand.self,
      DLQCommand.self, GenerateCommand.self, AnalyzeCommand.self, ArtifactsCommand.self, FingerprintCommand.self, RedactCommand.self,
      BenchCommand.self,
    ])
}
