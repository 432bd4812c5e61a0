internal import Dataflow
internal import Foundation
internal import Jobs
internal import Testing

@Suite struct DiagnosticsGoldenTests {
  @Test("each broken job file is reported exactly as its text file says", arguments: Golden.cases("diagnostics"))
  func reported(name: String) throws {
    let loaded = try Golden.load("diagnostics/\(name).yaml")
    try Golden.expect(DiagnosticRenderer(sources: loaded.sources).text(loaded.diagnostics), matches: "diagnostics/\(name).txt")
    #expect(loaded.hasErrors)
  }

  @Test("every code has a pair of golden files that is named after it and reports it", arguments: DiagnosticCode.allCases)
  func hasPair(code: DiagnosticCode) throws {
    // These cannot be shown by a file that is text: see LoaderTests.
    if [.fileUnreadable, .yamlEncoding, .yamlTooLarge].contains(code) { return }
    let loaded = try Golden.load("diagnostics/\(code.rawValue).yaml")
    #expect(loaded.diagnostics.contains { $0.code == code.rawValue })
  }

  @Test("every diagnostic of a broken file has a place inside of the file", arguments: Golden.cases("diagnostics"))
  func hasPlace(name: String) throws {
    let loaded = try Golden.load("diagnostics/\(name).yaml")
    for diagnostic in loaded.diagnostics {
      let location = try #require(diagnostic.location, "\(diagnostic.code) has no place")
      let lines = loaded.sources[0].text.split(separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.indices.contains(location.line - 1))
      #expect(location.column >= 1 && location.column <= lines[location.line - 1].unicodeScalars.count + 1)
    }
  }

  @Test("every code, of the engine and of components, has a paragraph in the reference")
  func hasParagraph() throws {
    let page = try String(contentsOf: Golden.repository.appending(path: "docs/reference/diagnostics.md"), encoding: .utf8)
    for code in try DiagnosticCode.allCases.map(\.rawValue) + componentCodes() {
      #expect(page.contains("### `\(code)`\n"), "\(code) has no paragraph in docs/reference/diagnostics.md")
    }
  }

  /// The codes that components write themselves: `code: "job.…"`.
  private func componentCodes() throws -> [String] {
    var codes: Set<String> = []
    let sources = Golden.repository.appending(path: "Sources")
    for case let url as URL in FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil) ?? .init()
    where url.pathExtension == "swift" {
      for match in try String(contentsOf: url, encoding: .utf8).matches(of: #/code: "([a-z]+\.[a-z-]+)"/#) { codes.insert(String(match.1)) }
    }
    return codes.sorted()
  }
}
