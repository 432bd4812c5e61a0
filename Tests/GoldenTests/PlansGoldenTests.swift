internal import FakeCatalog
internal import Foundation
internal import Jobs
internal import Testing

@Suite struct PlansGoldenTests {
  static let environment = ["DATABASE_URL": "postgres://db.example/sloscout"]

  @Test("jobs without mistakes load without a word", arguments: Golden.cases("plans"))
  func clean(name: String) throws {
    let loaded = try Golden.load("plans/\(name).yaml", environment: Self.environment)
    #expect(DiagnosticRenderer(sources: loaded.sources).text(loaded.diagnostics) == "")
    #expect(loaded.jobs.count == loaded.definitions.count)
  }

  @Test("explain prints documents with defaults, plans and graphs as the golden files say", arguments: Golden.cases("plans"))
  func explained(name: String) throws {
    let loaded = try Golden.load("plans/\(name).yaml", environment: Self.environment)
    try Golden.expect(DocumentPrinter(catalog: FakeCatalog.catalog).text(loaded), matches: "plans/\(name).explained.txt")
    try Golden.expect(loaded.jobs.map { PlanPrinter.text($0.graph) }.joined(separator: "\n"), matches: "plans/\(name).plan.txt")
    try Golden.expect(loaded.jobs.map { PlanPrinter.graphviz($0.graph) }.joined(), matches: "plans/\(name).dot")
  }

  @Test("what explain prints loads again, and explains to the same text", arguments: Golden.cases("plans"))
  func reloads(name: String) throws {
    let first = try Golden.load("plans/\(name).yaml", environment: Self.environment)
    let printer = DocumentPrinter(catalog: FakeCatalog.catalog)
    let text = printer.text(first)
    let second = JobLoader(catalog: FakeCatalog.catalog, environment: [:]).load([("again.yaml", Array(text.utf8))])
    #expect(DiagnosticRenderer(sources: second.sources).text(second.diagnostics) == "")
    #expect(printer.text(second) == text)
    #expect(second.jobs.map { PlanPrinter.text($0.graph) } == first.jobs.map { PlanPrinter.text($0.graph) })
  }

  @Test("a secret is printed nowhere", arguments: Golden.cases("plans"))
  func secrets(name: String) throws {
    let loaded = try Golden.load("plans/\(name).yaml", environment: Self.environment)
    let text = DocumentPrinter(catalog: FakeCatalog.catalog).text(loaded) + loaded.jobs.map { PlanPrinter.text($0.graph) }.joined()
    #expect(!text.contains("s3cret"))
    #expect(!text.contains("db.example"))
  }

  @Test("the schema of job files is as the golden file says")
  func schema() throws {
    try Golden.expect(JobSchema(catalog: FakeCatalog.catalog).text(), matches: "plans/schema.json")
  }
}
