internal import ArgumentParser
internal import Connectors

/// Writes the telemetry of a small shop, and what is true of it.
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Writes the log lines of a small shop: the same for the same seed.",
    discussion: """
      Beside FILE stands FILE.meta.json with what a correct job makes of the lines: how many are accepted, late and broken, by service, by severity and by
      window. --truth prints that alone; it also holds for the source `generate` with the same seed, records and span.

      EXAMPLES
        sloscout generate --records 1000000 --output shop.jsonl
        sloscout generate --records 1000000 --seed 7 --truth
      """)

  @Option(help: "How many lines.") var records: Int
  @Option(help: "The same seed gives the same lines.") var seed: UInt64 = 1
  @Option(help: "Hours of event time that the lines cover.") var hours = 6
  @Option(help: "The file to write.") var output: String?
  @Flag(help: "Print what is true of the lines, as JSON, and write none.") var truth = false

  func validate() throws {
    guard truth || output != nil else { throw ValidationError("say where to: --output FILE, or --truth") }
    guard (1...1_000_000_000).contains(records) else { throw ValidationError("--records is 1 to 1,000,000,000") }
    guard (1...8784).contains(hours) else { throw ValidationError("--hours is 1 to 8784") }
  }

  func run() throws {
    let options = ShopOptions(seed: seed, records: records, span: Int64(hours) * 3_600_000)
    if truth { Terminal.print(ShopTruth(options).json(options)) }
    if let output {
      do { try ShopFile.write(options, to: output) } catch let error as ShopFileError {
        Terminal.error("\(error)")
        throw ExitCode(Exit.failed)
      }
    }
  }
}
