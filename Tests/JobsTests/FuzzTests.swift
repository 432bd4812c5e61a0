internal import Dataflow
internal import FakeCatalog
internal import Jobs
internal import Testing

@Suite struct FuzzTests {
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

  @Test("mutated job files are read or refused, with few words and places that exist", arguments: 0..<8)
  func mutated(seed: Int) {
    var random = SeededRandom(seed: UInt64(seed))
    let base = Array(Self.seedText.utf8)
    for round in 0..<300 {
      var bytes = base
      for _ in 0..<(1 + Int(random.next() % 6)) { Self.mutate(&bytes, &random) }
      let loaded = Loader.load(bytes: bytes, files: ["/x": [65]])
      let renderer = DiagnosticRenderer(sources: loaded.sources)
      let text = renderer.text(loaded.diagnostics)
      #expect(loaded.hasErrors == !text.isEmpty, "seed \(seed) round \(round)")
      #expect(loaded.diagnostics.count < 200, "seed \(seed) round \(round)")
      #expect(text.utf8.count < 200_000, "seed \(seed) round \(round)")
      for diagnostic in loaded.diagnostics {
        guard let location = diagnostic.location else { continue }
        #expect(location.line >= 1 && location.column >= 1, "seed \(seed) round \(round): \(diagnostic)")
      }
      _ = renderer.json(loaded.diagnostics)
      let printed = DocumentPrinter(catalog: FakeCatalog.catalog).text(loaded)
      if !loaded.hasErrors {
        let again = Loader.load(printed, files: ["/x": [65]])
        #expect(!again.hasErrors, "seed \(seed) round \(round): \(Loader.text(again))")
        #expect(DocumentPrinter(catalog: FakeCatalog.catalog).text(again) == printed, "seed \(seed) round \(round)")
      }
    }
  }

  private static func mutate(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
    let at = Int(random.next() % UInt64(bytes.count + 1))
    switch random.next() % 6 {
    case 0: if at < bytes.count { bytes[at] = UInt8(truncatingIfNeeded: random.next()) }
    case 1: bytes.removeSubrange(at..<min(bytes.count, at + Int(random.next() % 12)))
    case 2, 3: bytes.insert(contentsOf: Array(tokens[Int(random.next() % UInt64(tokens.count))].utf8), at: at)
    case 4:
      let end = min(bytes.count, at + Int(random.next() % 80))
      bytes.insert(contentsOf: bytes[at..<end], at: Int(random.next() % UInt64(bytes.count + 1)))
    default: bytes.removeSubrange(at...)
    }
  }

  @Test("random tokens are read or refused", arguments: 0..<4)
  func noise(seed: Int) {
    var random = SeededRandom(seed: UInt64(seed) &+ 1_000)
    for _ in 0..<500 {
      var text = ""
      for _ in 0..<(random.next() % 60) { text += Self.tokens[Int(random.next() % UInt64(Self.tokens.count))] }
      _ = Loader.text(Loader.load(text))
    }
  }
}
