internal import Foundation
internal import Jobs
internal import SLO
internal import Testing

/// The tree of files that an analysis writes, to the byte. The fixture is what `Tests/telemetry/shop_traces.py 200 | gzip -9n` writes.
@Suite("the tree of an analysis") struct AnalyzeGoldenTests {
  private func tree(_ service: String? = nil) throws -> [ArtifactTree.File] {
    var request = Analysis.Request(paths: [Golden.folder.appending(path: "analyze/shop.otlp.jsonl.gz").path])
    request.service = service
    let analysis = try Analysis.run(request)
    return try ArtifactTree.make(journeys: analysis.journeys, options: analysis.artifactOptions)
  }

  private func text(_ files: [ArtifactTree.File], _ path: String) throws -> String {
    String(decoding: try #require(files.first { $0.path == path }, "\(path)").bytes, as: UTF8.self)
  }

  @Test("every file of the tree has the bytes that it had: its digest, and some of them to read")
  func bytes() throws {
    let files = try tree()
    try Golden.expect(try text(files, "provenance.json"), matches: "analyze/provenance.json")
    for path in [
      "index.html", "runbooks/shop/post-checkout-errors.md", "prometheus/rules/shop/post-checkout-errors.rules.yaml",
      "openslo/slos/admin.yaml",
    ] {
      try Golden.expect(try text(files, path), matches: "analyze/\(path.split(separator: "/").last ?? "")")
    }
  }

  @Test("two runs differ in no byte; the trees of two services have no file of their own in common")
  func runs() throws {
    #expect(try tree() == tree())
    let (shop, admin) = (try tree("shop"), try tree("admin"))
    let kinds = ["runbooks/", "prometheus/rules/", "openslo/", "grafana/dashboards/", "sloth/"]
    for kind in kinds {
      let own = Set(shop.filter { $0.path.hasPrefix(kind) }.map(\.bytes))
      #expect(!own.isEmpty && own.isDisjoint(with: admin.filter { $0.path.hasPrefix(kind) }.map(\.bytes)), "\(kind)")
    }
  }

  @Test("runbooks offer commands where spans say where services run")
  func commands() throws {
    let runbook = try text(try tree(), "runbooks/shop/post-checkout-errors.md")
    #expect(runbook.contains("kubectl -n store rollout undo deployment/payment\n"))
    #expect(runbook.contains("kubectl -n store logs deployment/payment --since=15m --tail=200\n"))
    #expect(Workload(namespace: "a; rm -rf /", kind: .deployment, name: "x") == nil)
  }
}
