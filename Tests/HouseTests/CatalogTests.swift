import Dataflow
import Foundation
import Jobs
import Testing

@Suite("catalogs and their reference")
struct CatalogTests {
  private static let roles: [GraphShape.Role] = [.source, .operator, .sink]

  /// Compares a generated page with the committed one, or writes it when UPDATE_GOLDEN is set.
  private func expect(_ text: String, in path: String) throws {
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
      try Data(text.utf8).write(to: SourceTree.root.appending(path: path))
    } else {
      let isFresh = (try? SourceTree.text(path)) == text
      #expect(isFresh, "\(path) is not what the descriptors say: run scripts/reference.sh and read the diff")
    }
  }

  @Test("the component reference is fresh")
  func reference() throws { try expect(ComponentReference(catalog: .standard).text(), in: "docs/reference/components.md") }

  @Test("the JSON schema is fresh")
  func schema() throws { try expect(JobSchema(catalog: .standard).text(), in: "docs/reference/jobs.schema.json") }

  @Test("every component has a section in the reference")
  func documented() throws {
    let text = try SourceTree.text("docs/reference/components.md")
    for role in Self.roles {
      for descriptor in ComponentCatalog.standard.descriptors(role) {
        #expect(text.contains("### \(role) `\(descriptor.type)`\n\n\(descriptor.summary)"), "\(role) \(descriptor.type)")
      }
    }
  }

  /// The Swift names of components: every public type, or extension of one, with a `static let type` of the catalog's kinds.
  private func components() -> [(name: Substring, place: String)] {
    var found: [(Substring, String)] = []
    for file in SourceTree.files(under: "Sources/Operators/", ".swift") + SourceTree.files(under: "Sources/Connectors/", ".swift") {
      var owner: Substring = ""
      for line in file.lines {
        for head in ["public enum ", "public struct ", "public final class ", "extension "] where line.text.hasPrefix(head) {
          owner = line.text.dropFirst(head.count).prefix { $0.isLetter || $0.isNumber }
        }
        let kinds = ["OperatorType(", "SourceType(", "SinkType("]
        if kinds.contains(where: { line.text.contains(" static let type = \($0)") }) {
          found.append((owner, "\(file.path):\(line.number)"))
        }
      }
    }
    return found
  }

  @Test("every component that is written stands in a catalog")
  func nothingForgotten() throws {
    let catalogs = try SourceTree.text("Sources/Operators/Catalog.swift") + SourceTree.text("Sources/Connectors/Catalog.swift")
    let found = components()
    #expect(found.count >= 15, "components are written in a way that this test does not see: \(found)")
    for (name, place) in found {
      // A list of one has no comma.
      let isListed = catalogs.contains("    \(name).type,\n") || catalogs.contains("    \(name).type\n")
      #expect(isListed, "\(place) declares \(name), which no catalog lists")
    }
  }

  @Test("every component is named by a test")
  func tested() {
    let tests = SourceTree.files(under: "Tests/", ".swift").filter {
      !$0.path.hasPrefix("Tests/HouseTests/") && !$0.path.hasPrefix("Tests/GoldenTests/")
    }
    for (name, place) in components() {
      let isTested = tests.contains { $0.text.contains("\(name).") }
      #expect(isTested, "no test names \(name) of \(place)")
    }
  }
}

@Suite("job files that are shipped")
struct ShippedJobTests {
  private func load(_ path: String, edits: [DocumentEdit] = []) throws -> LoadedJobs {
    var loader = JobLoader(catalog: .standard, environment: [:])
    loader.edits = edits
    return loader.load([(path, Array(try SourceTree.text(path).utf8))])
  }

  private func complaints(_ loaded: LoadedJobs) -> String { DiagnosticRenderer(sources: loaded.sources).text(loaded.diagnostics) }

  @Test(
    "jobs.yaml and the examples load without a complaint",
    arguments: ["jobs.yaml"] + SourceTree.files(under: "Examples/", ".yaml").map(\.path))
  func clean(path: String) throws {
    let loaded = try load(path)
    #expect(loaded.diagnostics.isEmpty, "\(complaints(loaded))")
    #expect(!loaded.jobs.isEmpty)
  }

  @Test("the fingerprint job reads files of every format", arguments: ["json", "text", "otlp"])
  func formats(format: String) throws {
    let loaded = try load("jobs.yaml", edits: JobOverride.only("fingerprint", JobOverride.input(["logs/*"], format: format, follow: false)))
    #expect(loaded.diagnostics.isEmpty, "\(complaints(loaded))")
  }
}
