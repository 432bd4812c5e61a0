import Dataflow
import FakeCatalog
import Jobs
import Testing

@Suite("damaged job files")
struct JobFileFuzzTests {
  /// Two jobs that use most of what the language has.
  static let seedText = """
    # a comment
    apiVersion: sloscout/v1
    kind: Connection
    metadata: { name: db }
    spec: { type: postgres, config: { url: "postgres://${HOST:-localhost}/x" } }
    ---
    apiVersion: sloscout/v1
    kind: Job
    metadata: { name: fold, labels: { a: "b" } }
    spec:
      x-notes: &small 64KiB
      description: >
        folded
        text
      parallelism: 4
      guarantee: exactly-once
      checkpoint: { interval: 5m, retain: 3, store: 'file:///x' }
      sources:
        lines:
          type: file
          time: { field: timestamp, maxOutOfOrder: 30s }
          onError: route
          config: { path: "in.jsonl", maxLine: *small }
      operators:
        hours:
          type: tumbling-window
          inputs: [lines]
          config:
            size: 1h30m
            keyBy: [service]
            aggregate: { count: { type: count }, s: { type: reservoir, size: 3 } }
      sinks:
        out: { type: postgres, connection: db, inputs: [hours], config: { table: t, types: { a: text } } }
        bad: { type: file, inputs: [lines.errors, hours.late], config: { path: "${file:/x}" } }
      tests:
        - name: t
          given: [{ service: a }, { watermark: "2026" }]
          expect: { hours: [{ count: 1 }] }

    """

  static let tokens = [
    "[", "]", "{", "}", ":", ": ", "- ", "? ", "&a ", "*a", "*small", "!!int ", "|", ">", "\"", "'", "#", " #", "\n", "\n  ", "\t", "${",
    "}", "${A}", "$${",
    "---\n", "...\n", "%YAML 1.1\n", "<<: ", "~", "null", "0x", "1e999", "-", ".inf", "5m", "é", "𝄞", "\u{0}", "\u{85}", "\r", "x-",
    "fold.errors", ",",
    "99999999999999999999", "\\", "\\u", "@", "`", "%",
  ]

  private struct NoFile: Error {}

  private static func load(_ bytes: [UInt8]) -> LoadedJobs {
    JobLoader(catalog: FakeCatalog.catalog, environment: [:]) { path in
      guard path == "/x" else { throw NoFile() }
      return [65]
    }.load([("jobs.yaml", bytes)])
  }

  @Test("are read or refused, with few words and places that exist; what was read is printed so that it reads back as the same")
  func jobFiles() throws {
    let fuzz = Fuzz("jobs", texts: [Self.seedText, "- a\n"], tokens: Self.tokens, cases: 2_000)
    try fuzz.run { input, _ in
      let loaded = Self.load(input)
      let renderer = DiagnosticRenderer(sources: loaded.sources)
      let text = renderer.text(loaded.diagnostics)
      guard loaded.hasErrors == !text.isEmpty else { throw FuzzFailure("errors \(loaded.hasErrors), but: \(text)") }
      guard loaded.diagnostics.count < 200, text.utf8.count < 200_000 else { throw FuzzFailure("too many words: \(text.utf8.count)") }
      for case let location? in loaded.diagnostics.map(\.location) where location.line < 1 || location.column < 1 {
        throw FuzzFailure("there is no place \(location)")
      }
      _ = renderer.json(loaded.diagnostics)
      let printer = DocumentPrinter(catalog: FakeCatalog.catalog)
      let printed = printer.text(loaded)
      if !loaded.hasErrors {
        let again = Self.load(Array(printed.utf8))
        guard !again.hasErrors, printer.text(again) == printed else { throw FuzzFailure("it is printed as \(printed)") }
      }
    }
  }
}
