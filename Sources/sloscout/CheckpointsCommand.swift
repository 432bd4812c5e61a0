internal import ArgumentParser
internal import Dataflow
internal import Foundation
internal import Jobs

/// Looks at the checkpoints of jobs.
struct CheckpointsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checkpoints", abstract: "Lists, shows and verifies checkpoints.",
    discussion: """
      EXAMPLES
        sloscout checkpoints ls                     all checkpoints of the jobs in jobs.yaml
        sloscout checkpoints show --job fingerprint --epoch 17
        sloscout checkpoints verify                 reads and checks every byte; exit code 1 when one is damaged
      """, subcommands: [List.self, Show.self, Verify.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "One line a checkpoint.")
    @OptionGroup var options: JobOptions

    func run() throws {
      for job in try options.jobs() {
        let found = try inspection(job).manifests()
        if found.isEmpty { Terminal.print("\(job.definition.name): no checkpoint in \(job.graph.checkpoint.store)") }
        for (epoch, result) in found {
          switch result {
          case .success(let manifest):
            let rows = manifest.stages.reduce(0) { $0 + $1.rows }
            Terminal.print(
              "\(job.definition.name)  \(epoch)  \(RFC3339.format(manifest.createdAt))  \(ProgressMeter.short(Double(manifest.storedBytes)))B"
                + "  \(rows) staged rows  parallelism \(manifest.parallelism)\(manifest.isFinal ? "  final" : "")")
          case .failure(let error): Terminal.print("\(job.definition.name)  \(epoch)  DAMAGED: \(error)")
          }
        }
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "What one checkpoint holds.")
    @OptionGroup var options: JobOptions
    @Option(help: "The checkpoint; the newest when left out.") var epoch: UInt64?

    func run() throws {
      for job in try options.jobs() {
        let found = try inspection(job).manifests()
        guard let (number, result) = epoch.map({ wanted in found.first { $0.epoch == wanted } }) ?? found.last else {
          // One of several jobs that has not run yet is no failure; a checkpoint that was asked for is.
          guard epoch == nil, options.job == nil else {
            Terminal.error("\(job.definition.name): there is no such checkpoint in \(job.graph.checkpoint.store)")
            throw ExitCode(Exit.failed)
          }
          Terminal.print("\(job.definition.name): no checkpoint in \(job.graph.checkpoint.store)")
          continue
        }
        let manifest = try result.get()
        Terminal.print("\(job.definition.name), checkpoint \(number), \(RFC3339.format(manifest.createdAt)), keyed by \(manifest.hashID)")
        for state in manifest.operators {
          for (subtask, sections) in state.subtasks.enumerated() {
            for section in sections {
              let raw = section.parts.reduce(0) { $0 + $1.rawBytes }
              let stored = section.parts.reduce(0) { $0 + $1.storedBytes }
              Terminal.print(
                "  \(state.id)[\(subtask)] \(section.name): \(ProgressMeter.short(Double(raw)))B in \(section.parts.count) parts, \(ProgressMeter.short(Double(stored)))B stored"
              )
            }
          }
        }
        for stage in manifest.stages { Terminal.print("  sink \(stage.sink): \(stage.rows) staged rows") }
        Terminal.print(BalanceTable(manifest.counters.map { ($0.id, $0.counters) }).text)
      }
    }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "verify", abstract: "Reads and checks every byte.")
    @OptionGroup var options: JobOptions

    func run() throws {
      var damaged = 0
      for job in try options.jobs() {
        let inspection = try inspection(job)
        for (epoch, result) in try inspection.manifests() {
          do {
            let bytes = try inspection.verify(try result.get())
            Terminal.print("\(job.definition.name)  \(epoch)  whole, \(ProgressMeter.short(Double(bytes)))B")
          } catch {
            damaged += 1
            Terminal.print("\(job.definition.name)  \(epoch)  DAMAGED: \(error)")
          }
        }
      }
      if damaged > 0 { throw ExitCode(Exit.failed) }
    }
  }
}

private func inspection(_ job: PlannedJob) throws -> CheckpointInspection {
  CheckpointInspection(try job.checkpointStore(files: PosixFileSystem(), environment: ProcessInfo.processInfo.environment))
}
