import Foundation
import Testing

@Suite("layers")
struct LayeringTests {
  @Test("every import stays within its layer")
  func imports() {
    let breaches = SourceTree.files.filter { $0.path.hasSuffix(".swift") }.flatMap { Layers.breaches(path: $0.path, text: $0.text) }
    #expect(breaches.isEmpty, "\(breaches.joined(separator: "\n"))")
  }

  @Test("every layer has files, so that a renamed folder does not escape the check")
  func layersExist() {
    for layer in Layers.all { #expect(!SourceTree.files(under: layer.folder, ".swift").isEmpty, "\(layer.folder) is empty") }
  }

  @Test("Package.swift declares no more than the layers allow")
  func manifest() throws {
    // `.target(name: "X", dependencies: ["A", "B", .product(name: "P", …)], …)`, one target after the other, each on a line of its own: a
    // dependency that depends on a trait is written the same way.
    let manifest = try SourceTree.text("Package.swift").replacing(/, condition: \.when\(traits: \[[^\]]*\]\)/, with: "")
    let targets =
      manifest.split(separator: "\n    .target(").dropFirst() + manifest.split(separator: ".executableTarget(").dropFirst()
    for target in targets {
      guard let name = quoted(target.prefix(while: { $0 != "," }))?.first,
        let layer = Layers.all.first(where: { $0.folder.hasSuffix("/\(name)/") }),
        let start = target.range(of: "dependencies: ["), let end = target[start.upperBound...].firstIndex(of: "]")
      else { continue }
      // Of a product the name comes before its package.
      let parts = target[start.upperBound..<end].split(separator: ".product(name:")
      let names = (quoted(parts.first ?? "") ?? []) + parts.dropFirst().compactMap { quoted($0)?.first }
      for dependency in names {
        #expect(
          layer.ours.contains(dependency) || layer.others.contains(dependency) || dependency.hasPrefix("swift-"),
          "Package.swift: \(name) declares \(dependency)")
      }
    }
  }

  private func quoted(_ text: Substring) -> [String]? {
    let parts = text.split(separator: "\"", omittingEmptySubsequences: false)
    return parts.count < 2 ? nil : stride(from: 1, to: parts.count, by: 2).map { String(parts[$0]) }
  }

  @Test(
    "a breach is found, with its file and line",
    arguments: [
      (
        "Sources/Dataflow/X.swift", "internal import Yams", "Sources/Dataflow/X.swift:2: Sources/Dataflow/ must not import the library Yams"
      ),
      (
        "Sources/Dataflow/X.swift", "import Foundation",
        "Sources/Dataflow/X.swift:2: Sources/Dataflow/ must not import the library Foundation"
      ),
      (
        "Sources/Operators/X.swift", "public import Connectors",
        "Sources/Operators/X.swift:2: Sources/Operators/ must not import Connectors"
      ),
      (
        "Sources/Operators/X.swift", "@preconcurrency import struct Jobs.Job",
        "Sources/Operators/X.swift:2: Sources/Operators/ must not import Jobs"
      ),
      (
        "Sources/Connectors/Postgres/X.swift", "internal import CLibPQ",
        "Sources/Connectors/Postgres/X.swift:2: only Sources/Bindings/Postgres/ may"
      ),
      ("Tests/X.swift", "import CZstd", "Tests/X.swift:2: only Sources/Bindings/Zstd/ may import CZstd"),
      ("Sources/New/X.swift", "import Dataflow", "Sources/New/X.swift:2: its target is in no layer"),
    ])
  func breach(path: String, line: String, message: String) {
    let found = Layers.breaches(path: path, text: "internal import Glibc\n\(line)\nlet x = 1\n")
    #expect(found.count == 1 && found[0].hasPrefix(message), "\(found)")
  }

  @Test("words that look like imports are none")
  func lookalikes() {
    #expect(Layers.imports("// import Yams\nlet importYams = 1\nimportant()\nlet x = \"import Yams\"\n").isEmpty)
  }
}
