internal import Dataflow
internal import Jobs
internal import Testing

@Suite struct InterpolationTests {
  static let environment = ["A": "alpha", "EMPTY": "", "TRICKY": "x: [1, ${A}] # {", "PORT": "9092", "N": "12"]
  static let files: [String: [UInt8]] = [
    "/secret": Array("s3cret\n".utf8), "/crlf": Array("a\r\n".utf8), "/two": Array("a\n\n".utf8), "/bare": Array("b".utf8),
    "/binary": [0xFF],
    "/large": [UInt8](repeating: 97, count: 70_000), "/empty": [],
  ]

  static let good: [(String, String)] = [
    ("${A}", "alpha"), ("x${A}y", "xalphay"), ("${A}${A}", "alphaalpha"), ("${NO:-default}", "default"), ("${NO:-}", ""), ("${EMPTY}", ""),
    ("${EMPTY:-d}", "d"), ("${A:-d}", "alpha"), ("$${A}", "${A}"), ("$$${A}", "$${A}"), ("$A", "$A"), ("a$", "a$"), ("$$", "$$"),
    ("${NO:-a:-b}", "a:-b"), ("${NO:-$x}", "$x"), ("{A}", "{A}"), ("$ {A}", "$ {A}"), ("${TRICKY}", "x: [1, ${A}] # {"),
    ("${file:/secret}", "s3cret"),
    ("${file:/crlf}", "a"), ("${file:/two}", "a\n"), ("${file:/bare}", "b"), ("${file:/empty}", ""), ("p=${file:/secret};", "p=s3cret;"),
    ("${NO:-ünï}", "ünï"), ("äöü", "äöü"),
  ]

  @Test("variables, defaults, files and escapes are filled in", arguments: good)
  func fills(text: String, value: String) {
    let loaded = Loader.load(Loader.job(path: "\"\(text)\""), environment: Self.environment, files: Self.files)
    #expect(Loader.path(loaded) == value)
    #expect(Loader.text(loaded) == "")
  }

  static let bad: [(String, DiagnosticCode)] = [
    ("${NO}", .environmentMissing), ("${a}", .environmentMissing), ("${A", .environmentSyntax), ("${}", .environmentSyntax),
    ("${A B}", .environmentSyntax), ("${1A}", .environmentSyntax), ("${A-d}", .environmentSyntax), ("${A:d}", .environmentSyntax),
    ("${A:?x}", .environmentSyntax), ("${ÜA}", .environmentSyntax), ("${env:A}", .environmentSyntax), ("${file:secret}", .environmentFile),
    ("${file:}", .environmentFile), ("${file:/none}", .environmentFile), ("${file:/binary}", .environmentFile),
    ("${file:/large}", .environmentFile), ("${${A}}", .environmentSyntax),
  ]

  @Test("what cannot be filled in is one error at the value, and nothing else is said of it", arguments: bad)
  func refuses(text: String, code: DiagnosticCode) throws {
    let loaded = Loader.load(Loader.job(path: "\"\(text)\""), environment: Self.environment, files: Self.files)
    #expect(Loader.codes(loaded) == [code.rawValue])
    let diagnostic = try #require(loaded.diagnostics.first)
    #expect(diagnostic.location == SourceLocation(file: "jobs.yaml", line: 7, column: 42))
    #expect(diagnostic.length == text.unicodeScalars.count + 2)
    #expect(loaded.jobs.isEmpty)
  }

  @Test("all missing variables are reported together, over documents and files")
  func together() {
    let text =
      Loader.job(path: "\"${ONE}\"", description: "${TWO} ${THREE}")
      + "---\napiVersion: sloscout/v1\nkind: Connection\nmetadata: { name: k }\n"
      + "spec: { type: kafka, config: { brokers: [\"${FOUR}\", \"${FIVE:-x}\"] } }\n"
    let loaded = Loader.load(text)
    #expect(loaded.diagnostics.map(\.message) == ["TWO", "THREE", "ONE", "FOUR"].map { "variable \($0) is not set" })
  }

  @Test("what a variable holds never becomes YAML")
  func injection() {
    let loaded = Loader.load(Loader.job(path: "\"${EVIL}\""), environment: ["EVIL": "x }\n  parallelism: 700\n# &a *a !!int"])
    #expect(Loader.path(loaded) == "x }\n  parallelism: 700\n# &a *a !!int")
    #expect(loaded.definitions.first?.parallelism == 1)
  }

  @Test("a filled-in value becomes the number, truth value, duration or choice that is wanted")
  func coercion() throws {
    let text = """
      apiVersion: sloscout/v1
      kind: Job
      metadata: { name: x }
      spec:
        parallelism: ${N}
        guarantee: ${G:-none}
        checkpoint: { interval: "${T:-5m}" }
        sources:
          made: { type: generate, config: { records: "${N}0", late: "${L:-false}", faults: "${F:-0.5}" } }
        sinks:
          out: { type: file, inputs: ["${I:-made}"], config: { path: "1.20", rotate: "${R:-1MiB}" } }

      """
    let loaded = Loader.load(text, environment: Self.environment)
    #expect(Loader.text(loaded) == "")
    let job = try #require(loaded.definitions.first)
    #expect(job.parallelism == 12)
    #expect(job.guarantee == .none)
    #expect(job.checkpoint.interval == 300_000_000_000)
    let config = try #require(job.components[0].config)
    #expect(config.int("records") == 120)
    #expect(config.bool("late") == false)
    #expect(config.double("faults") == 0.5)
    #expect(job.components[1].inputs == [NodeInput("made")])
    #expect(job.components[1].config?.byteCount("rotate") == 1 << 20)
  }

  @Test("notes under x- keys are not filled in, but what refers to them is")
  func notes() {
    let loaded = Loader.load(
      Loader.job(path: "*p", before: "x-unused: ${NOWHERE}\nx-path: &p \"${A}.jsonl\"\n"), environment: Self.environment)
    #expect(Loader.text(loaded) == "")
    #expect(Loader.path(loaded) == "alpha.jsonl")
  }

  @Test("a secret shows in no diagnostic")
  func secrets() {
    let text = Loader.job(path: "x").replacing(
      "  sinks:",
      with: "  guarantee: ${file:/secret}\n  parallelism: ${file:/secret}\n  restart: { maxDelay: \"${file:/secret}\" }\n  sinks:")
    let loaded = Loader.load(text, files: ["/secret": Array("12345678900x".utf8)])
    #expect(loaded.diagnostics.count == 3)
    #expect(!Loader.text(loaded).contains("12345678900"))
    #expect(!DiagnosticRenderer(sources: loaded.sources).json(loaded.diagnostics).contains("12345678900"))
  }
}
