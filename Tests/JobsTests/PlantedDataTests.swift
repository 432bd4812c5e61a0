import Dataflow
import Foundation
import Jobs
import PlantedData
import Synchronization
import Testing

/// The shipped fingerprint job over telemetry with thousands of planted values.
@Suite("personal data in the shipped job")
struct PlantedDataTests {
  private static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  @Test("of 2,000 planted values none is in a capsule, a sample, a dead letter, a log, a count or a message of the run", arguments: [1, 2])
  func noneLeaves(seed: UInt64) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sloscout-planted-\(UInt64.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let telemetry = try PlantedTelemetry(values: 2_000, seed: seed)
    try telemetry.lines.joined(separator: "\n").appending("\n").write(
      to: folder.appendingPathComponent("in.jsonl"), atomically: true, encoding: .utf8)

    var loader = JobLoader(catalog: .standard, environment: [:])
    loader.edits = JobOverride.only(
      "fingerprint",
      JobOverride.input([folder.appendingPathComponent("in.jsonl").path], format: "json", follow: false)
        + JobOverride.state(folder.appendingPathComponent("state").path) + [.set(["spec", "sinks"], sinks(folder))])
    let loaded = loader.load(paths: [Self.repository.appending(path: "jobs.yaml").path(percentEncoded: false)])
    let complaints = DiagnosticRenderer(sources: loaded.sources).text(loaded.diagnostics)
    try #require(complaints == "")
    let job = try #require(loaded.jobs.first { $0.definition.name == "fingerprint" })
    let events = Mutex("")
    let session = try JobSession(job, observer: JobObserver { event in events.withLock { $0 += "\(event)\n" } })
    let result = try await session.runner.run()

    let table = BalanceTable(result.totals)
    #expect(table.isBalanced)
    let counts = CountsTable(result.counts).text
    #expect(counts.contains("redacted: email "), "\(counts)")
    #expect(counts.contains("letters: email "), "\(counts)")
    let late = result.totals.first { $0.id == "capsules" }?.counters.late ?? 0
    #expect(late > 100, "late records take part: \(late)")

    var outputs = Data((events.withLock { $0 } + table.text + counts).utf8)
    var written = 0
    for case let url as URL in FileManager.default.enumerator(at: folder.appendingPathComponent("out"), includingPropertiesForKeys: nil)
      ?? .init()
    {
      guard let data = try? Data(contentsOf: url) else { continue }
      written += data.count
      outputs += data
    }
    #expect(written > 100_000, "the sinks wrote only \(written) bytes")
    #expect(outputs.range(of: Data("<email>".utf8)) != nil && outputs.range(of: Data("tick <num>".utf8)) != nil)
    let leaked = telemetry.leaked(in: outputs)
    #expect(leaked.isEmpty, "seed \(seed): \(leaked.count) of \(telemetry.values.count) came out: \(leaked.prefix(20))")
  }

  /// Files in the place of tables.
  private func sinks(_ folder: URL) -> ConfigValue {
    func sink(_ name: String, _ input: String) -> (String, ConfigValue) {
      (
        name,
        .map([
          ("type", .text("file")), ("inputs", ConfigValue(.list([.text(input)]))),
          ("config", .map([("path", .text(folder.appendingPathComponent("out/\(name)").path))])),
        ])
      )
    }
    return .map([sink("store", "capsules"), sink("aliases", "templates"), sink("dead-letters", "letters")])
  }
}
