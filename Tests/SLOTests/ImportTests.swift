import SLO
import Testing

@Suite("objectives of other tools")
struct ImportTests {
  /// What YAML readers make of our own files.
  private func exported(_ folder: String) throws -> [ImportedObjective] {
    let plan = JourneyPlan(Fixture.journey(days: 1), ArtifactOptions())
    switch folder {
    case "sloth": return ImportedObjective.read([try ArtifactTree.sloth(plan, ArtifactOptions())])
    case "pyrra": return ImportedObjective.read(ArtifactTree.pyrra(plan, ArtifactOptions()))
    default: return ImportedObjective.read(try ArtifactTree.openSLO([plan], ArtifactOptions()))
    }
  }

  @Test("what is exported comes back with its target and its queries, and covers our indicator", arguments: ["sloth", "pyrra", "openslo"])
  func roundTrip(_ format: String) throws {
    let plan = JourneyPlan(Fixture.journey(days: 1), ArtifactOptions())
    let imported = try exported(format)
    for objective in plan.objectives where objective.method == .occurrences {
      let found = try #require(imported.first { $0.name == objective.name }, "\(format) \(objective.name)")
      #expect(found.target == objective.target)
      #expect(found.total != nil && (found.good != nil || found.bad != nil))
      #expect(found.covers(objective.indicator))
      if format != "pyrra" { #expect(try PromQL.checked(found.total ?? "") == objective.indicator.totalRate(minutes: 5)) }
    }
  }

  @Test("a specification of Sloth by hand is read; windows are filled in; what is no objective is passed over")
  func sloth() throws {
    let document: StructuredValue = [
      "version": "prometheus/v1", "service": "myservice",
      "slos": [
        [
          "name": "requests-availability", "objective": 99.9,
          "sli": [
            "events": [
              "error_query": "sum(rate(http_requests_total{code=~\"5..\"}[{{.window}}]))",
              "total_query": "sum(rate(http_requests_total[{{ .window }}]))",
            ]
          ],
        ], ["name": "no objective"],
      ],
    ]
    let imported = ImportedObjective.read([document, ["kind": "ConfigMap"], "text"])
    #expect(imported.count == 1)
    #expect(imported[0].target.millionths == 999_000)
    #expect(imported[0].total == "sum(rate(http_requests_total[5m]))")
  }
}
