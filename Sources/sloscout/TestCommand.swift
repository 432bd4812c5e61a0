internal import ArgumentParser
internal import Jobs

/// Runs the tests that stand in job files.
struct TestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test",
    abstract: "Runs the `tests:` of job files through their own operators, on virtual time. Exit code 1 when one fails.",
    discussion: "EXAMPLE\n  sloscout test jobs.yaml")
  @OptionGroup var options: JobOptions

  func run() throws {
    var failed = 0
    var passed = 0
    for job in try options.jobs() {
      for outcome in JobTestRunner(job).run() {
        Terminal.print("\(outcome.failures.isEmpty ? "passed" : "FAILED")  \(job.definition.name): \(outcome.name)")
        for failure in outcome.failures { Terminal.print("        \(failure)") }
        if outcome.failures.isEmpty { passed += 1 } else { failed += 1 }
      }
    }
    Terminal.print("\(passed) passed, \(failed) failed")
    if failed > 0 { throw ExitCode(Exit.failed) }
  }
}
