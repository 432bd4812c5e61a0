internal import Dataflow
internal import Jobs
internal import Testing

/// What plain scalars mean, seen through the only place that takes any value: the records of a test.
@Suite struct YAMLReaderTests {
  static func value(_ yaml: String) throws -> ConfigValue {
    let text = Loader.job(path: "in") + "  tests: [{ name: t, given: [{ v: \(yaml) }], expect: {} }]\n"
    let loaded = Loader.load(text)
    try #require(!loaded.hasErrors, "\(Loader.text(loaded))")
    guard case .record(let record)? = loaded.jobs.first?.definition.tests.first?.given.first else { throw Loader.NoFile() }
    return try #require(record["v"])
  }

  static let scalars: [(String, ConfigValue.Content)] = [
    ("1", .int(1)), ("-1", .int(-1)), ("+1", .int(1)), ("0x1F", .int(31)), ("0o17", .int(15)), ("017", .int(17)), ("1.5", .double(1.5)),
    ("1e3", .double(1000)), ("-.5", .double(-0.5)), (".inf", .double(.infinity)), ("true", .bool(true)), ("FALSE", .bool(false)),
    ("~", .null), ("null", .null), ("", .null), ("yes", .string("yes")), ("no", .string("no")), ("on", .string("on")),
    ("1_000", .string("1_000")),
    ("2026-01-01", .string("2026-01-01")), ("1:30", .string("1:30")), ("0x", .string("0x")), ("1e", .string("1e")), (".", .string(".")),
    ("-", .string("-")), ("nan", .string("nan")), ("inf", .string("inf")), ("0x1p3", .string("0x1p3")), ("\"1\"", .string("1")),
    ("'true'", .string("true")), ("\"\\u00e9\"", .string("é")), ("'it''s'", .string("it's")), ("9223372036854775807", .int(.max)),
    ("9223372036854775808", .double(9223372036854775808)), ("\"\"", .string("")),
  ]

  @Test("plain scalars mean what YAML 1.2 says, quoted ones are text", arguments: scalars.filter { $0.0 != "-" })
  func scalar(yaml: String, content: ConfigValue.Content) throws {
    #expect(try Self.value(yaml).content == content)
  }

  @Test("values know the length of their text and their path")
  func places() throws {
    let quoted = try Self.value("\"a \\\" b\"")
    #expect(quoted.length == 8)
    #expect(quoted.path == "tests[0].given[0].v")
    #expect(try Self.value("'a '' b'").length == 8)
    #expect(try Self.value("plain text").length == 10)
  }

  @Test("keys keep the order of the file, and a key twice is refused however it is quoted")
  func keys() throws {
    guard case .map(let entries) = try Self.value("{ b: 1, a: 2, \"c\": 3 }").content else { throw Loader.NoFile() }
    #expect(entries.map(\.key) == ["b", "a", "c"])
    for twice in ["a: 1, a: 2", "a: 1, \"a\": 2", "'a': 1, \"a\": 2", "1: 1, \"1\": 2"] {
      let loaded = Loader.load(Loader.job(path: "in") + "  x-note: { \(twice) }\n")
      #expect(Loader.codes(loaded) == [DiagnosticCode.yamlDuplicateKey.rawValue], "\(twice)")
    }
  }

  @Test("columns are counted in scalars, so a caret stands under its text behind any letters")
  func columns() throws {
    let loaded = Loader.load("# naïve 𝄞\n\"schlüssel 𝄞\": 1\n")
    let first = try #require(loaded.diagnostics.first)
    #expect(first.location == SourceLocation(file: "jobs.yaml", line: 2, column: 1))
    let wrong = Loader.load("\"é𝄞é\": [é, 𝄞, !x y]\n")
    #expect(wrong.diagnostics.first?.location?.column == 15)
  }

  @Test("an error in a line of 100,000 letters shows the part around it")
  func longLine() throws {
    let loaded = Loader.load("a: [\(String(repeating: "b, ", count: 30_000)) !x y, \(String(repeating: "c, ", count: 30_000))]\n")
    let text = Loader.text(loaded)
    #expect(text.utf8.count < 1_000)
    #expect(text.contains("!x y"))
    let lines = text.split(separator: "\n")
    let caret = try #require(lines[2].firstIndex(of: "^"))
    let marked = lines[1][lines[1].index(lines[1].startIndex, offsetBy: lines[2].distance(from: lines[2].startIndex, to: caret))...]
    #expect(marked.hasPrefix("!x"))
  }

  @Test("the JSON form has every member and escapes what it must")
  func json() throws {
    let loaded = Loader.load("kind: \"Jo\\\"b\\u0001\"\napiVersion: sloscout/v1\n")
    let json = DiagnosticRenderer(sources: loaded.sources).json(loaded.diagnostics)
    let expected =
      #"{"errors":[{"severity":"error","code":"document.kind","path":"kind","file":"jobs.yaml","line":1,"column":7,"length":13,"#
      + #""message":"kind \"Jo\"b\u0001\" does not exist","detail":"kinds are Job, Connection","hint":"write kind: Job or kind: Connection"}]}"#
    #expect(json == expected)
    #expect(DiagnosticRenderer(sources: []).json([]) == #"{"errors":[]}"#)
  }
}
