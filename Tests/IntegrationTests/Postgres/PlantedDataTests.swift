import Dataflow
import Foundation
import Jobs
import PlantedData
import Testing

/// The shipped fingerprint job over telemetry with thousands of planted values, into its own tables.
@Suite("Postgres: personal data in the shipped job")
struct PlantedDataTests {
  @Test("of 2,000 planted values none is anywhere in the database")
  func noneArrives() async throws {
    let database = try TestDatabase()
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sloscout-planted-\(UInt64.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let input = folder.appendingPathComponent("in.jsonl")
    let telemetry = try PlantedTelemetry(values: 2_000, seed: 3)
    try telemetry.lines.joined(separator: "\n").appending("\n").write(to: input, atomically: true, encoding: .utf8)

    var loader = JobLoader(catalog: .standard, environment: ["DATABASE_URL": database.url])
    loader.edits = JobOverride.only(
      "fingerprint",
      JobOverride.input([input.path], format: "json", follow: false) + JobOverride.state(folder.appendingPathComponent("state").path))
    let loaded = loader.load(paths: [TestServer.root + "/jobs.yaml"])
    try #require(!loaded.hasErrors, "\(DiagnosticRenderer(sources: loaded.sources).text(loaded.diagnostics))")
    let job = try #require(loaded.jobs.first { $0.definition.name == "fingerprint" })
    let result = try await JobSession(job).runner.run()
    #expect(BalanceTable(result.totals).isBalanced)

    // Every row of every table, the dead letters' bytes as text.
    var rows = try database.rows("SELECT row_to_json(r)::text FROM dead_letter AS r")
    #expect(rows.count > 500)
    rows += try database.rows("SELECT convert_from(raw, 'SQL_ASCII') FROM dead_letter WHERE raw IS NOT NULL")
    for table in try database.rows(
      "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'dead_letter'")
    {
      rows += try database.rows("SELECT row_to_json(r)::text FROM \(table) AS r")
    }
    #expect(rows.contains { $0.contains("<email>") } && rows.contains { $0.contains("tick <num>") })
    let leaked = telemetry.leaked(in: Data(rows.joined(separator: "\n").utf8))
    #expect(leaked.isEmpty, "\(leaked.count) of \(telemetry.values.count) arrived: \(leaked.prefix(20))")
  }
}
