import Foundation
import Testing

/// House rules that a reader would otherwise have to keep in mind. What is found is named as `file:line`.
@Suite("tidiness")
struct TidyTests {
  private static let written = [".swift", ".c", ".h", ".sh", ".md", ".yaml"]

  private func places(in files: [SourceTree.File], _ isWrong: (Substring) -> Bool) -> String {
    files.flatMap { file in file.lines.filter { isWrong($0.text) }.map { "\(file.path):\($0.number): \($0.text.prefix(100))" } }
      .joined(separator: "\n")
  }

  @Test("nothing is put off to later in the code")
  func noPostponedWork() {
    // Put together here, so that this file does not find itself.
    let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X:", "HA" + "CK:"]
    let found = places(in: SourceTree.files) { line in marks.contains { line.contains($0) } }
    #expect(found.isEmpty, "\(found)")
  }

  @Test("no file names folders of the machine it was written on, or package registries")
  func noMachinePaths() {
    let marks = [
      "/work" + "/", "/roo" + "t/", "/opt/" + "swift", "/User" + "s/", "/tmp/w" + "t", "pypi" + ".org", "registry.npm" + "js",
      "proxy.golang" + ".org", "crates" + ".io",
    ]
    // Log lines in tests and generators may speak of any path: they are data.
    let files = SourceTree.files.filter { !$0.path.hasPrefix("Tests/OperatorsTests/") && !$0.path.hasPrefix("Tests/GoldenTests/") }
    let found = places(in: files) { line in marks.contains { line.contains($0) } }
    #expect(found.isEmpty, "\(found)")
  }

  @Test("files stay short enough to be read")
  func shortFiles() {
    let generated = ["docs/reference/", "Tests/GoldenTests/plans/", "Tests/GoldenTests/diagnostics/", "Tests/GoldenTests/analyze/"]
    for file in SourceTree.files where Self.written.contains(where: file.path.hasSuffix) && !generated.contains(where: file.path.hasPrefix)
    {
      let count = file.text.split(separator: "\n", omittingEmptySubsequences: false).count
      #expect(count < 600, "\(file.path) has \(count) lines: look for the second thing hiding in it")
    }
  }

  @Test("text files end with a line end, and have no tabs and no blanks at line ends")
  func whitespace() {
    let files = SourceTree.files.filter { file in
      Self.written.contains(where: file.path.hasSuffix) && !file.path.hasPrefix("Tests/GoldenTests/")
    }
    for file in files { #expect(file.text.hasSuffix("\n") || file.text.isEmpty, "\(file.path) ends without a line end") }
    let found = places(in: files) { $0.hasSuffix(" ") || $0.contains("\t") || $0.hasSuffix("\r") }
    #expect(found.isEmpty, "\(found)")
  }

  @Test("an unchecked promise to the compiler says why it holds")
  func uncheckedPromises() {
    let marks = ["@unchecked " + "Sendable", "nonisolated(" + "unsafe)", "unsafeBit" + "Cast"]
    for file in SourceTree.files(under: "Sources/", ".swift") {
      let lines = file.lines.map(\.text)
      for (index, line) in lines.enumerated() where marks.contains(where: line.contains) {
        // The sentence stands on the line itself or in the comment above.
        let above = lines[max(0, index - 6)..<index].reversed().prefix { !$0.isEmpty && $0 != "}" }
        #expect(line.contains("//") || above.contains { $0.contains("//") }, "\(file.path):\(index + 1) gives no reason")
      }
    }
  }

  @Test("scripts stop at the first failure and explain themselves")
  func scripts() throws {
    for file in SourceTree.files(under: "scripts/", ".sh") where file.path != "scripts/lib.sh" {
      #expect(file.text.hasPrefix("#!/usr/bin/env bash\n# "), "\(file.path) does not begin with what it is for")
      #expect(file.text.contains("set -euo pipefail"), "\(file.path)")
    }
    let targets = try SourceTree.text("Makefile").split(separator: "\n").filter { $0.hasPrefix("\t@scripts/") }
    for target in targets {
      let script = String(target.dropFirst(2).prefix { $0 != " " })
      #expect(SourceTree.files.contains { $0.path == script }, "the Makefile calls \(script)")
    }
  }

  @Test("links between pages lead somewhere")
  func links() {
    // A golden runbook links to the other files of its tree, which is not here.
    for file in SourceTree.files where file.path.hasSuffix(".md") && !file.path.hasPrefix("Tests/GoldenTests/") {
      let folder = file.path.split(separator: "/").dropLast().joined(separator: "/")
      for part in file.text.split(separator: "](").dropFirst() {
        let target = part.prefix { $0 != ")" && $0 != "#" && $0 != " " && $0 != "\n" }
        guard !target.isEmpty, !target.contains("://"), !target.hasPrefix("mailto:") else { continue }
        let url = SourceTree.root.appending(path: folder).appending(path: String(target)).standardizedFileURL
        #expect((try? url.checkResourceIsReachable()) == true, "\(file.path) links to \(target)")
      }
    }
  }
}
