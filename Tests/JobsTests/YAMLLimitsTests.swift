internal import Dataflow
internal import Jobs
internal import Testing

/// YAML that was written to hurt. None of it may crash, hang or grow: the suite would time out.
@Suite struct YAMLLimitsTests {
  @Test("an alias bomb of 550 bytes is refused", arguments: [9, 10, 99])
  func bomb(width: Int) {
    var text = "a: &a [x,x,x,x,x,x,x,x,x]\n"
    var last: Character = "a"
    for name in "bcdefghi" {
      text += "\(name): &\(name) [\(Array(repeating: "*\(last)", count: width).joined(separator: ","))]\n"
      last = name
    }
    #expect(Loader.codes(Loader.load(text)) == [DiagnosticCode.yamlTooManyAliases.rawValue])
  }

  static let keyBombs = [
    "{*i}\n", "{*i, a: b}\n", "{[*i]}\n", "{a: b, {c: *i}}\n", "{\n*i\n}\n", "{[\n*i\n]\n}\n",
    "? *i\n: v\n", "*i : v\n", "{*i : v}\n", "[*i : v]\n", "{[*i, *i]: v}\n", "[*i]: v\n", "{a: *i}: v\n", "{? *i : v}\n", "z:\n- ? *i\n",
    "{a: {*i: v}}\n",
    "? - *i\n: v\n", "?\n  - *i\n: v\n", "{?\n*i\n: v}\n", "k: {\"q\": 1, *i\t: v}\n", "z:\n  ? a: *i\n  : v\n", "z: [? *i : v]\n",
  ]

  @Test("an alias bomb in the key of a map, which costs parsers exponential time, is refused", arguments: keyBombs)
  func keyBomb(end: String) throws {
    var text = "a: &a [x,x,x,x,x,x,x,x,x]\n"
    var last: Character = "a"
    for name in "bcdefghi" {
      text += "\(name): &\(name) [\(Array(repeating: "*\(last)", count: 9).joined(separator: ","))]\n"
      last = name
    }
    // In the same document: one of its own would not be looked at after the first was refused.
    let loaded = Loader.load(text + (end.first == "{" || end.first == "[" ? "z: " : "") + end)
    let first = try #require(loaded.diagnostics.first)
    #expect([DiagnosticCode.yamlUnsupported, .yamlTooManyAliases, .yamlSyntax].map(\.rawValue).contains(first.code))
  }

  @Test("100 aliases are expanded, 101 are not")
  func aliasLimit() {
    func text(_ count: Int) -> String {
      Loader.job(path: "in", before: "x-a: &a 1\nx-uses: [\(Array(repeating: "*a", count: count).joined(separator: ", "))]\n")
    }
    #expect(Loader.text(Loader.load(text(100))) == "")
    #expect(Loader.codes(Loader.load(text(101))) == [DiagnosticCode.yamlTooManyAliases.rawValue])
  }

  @Test("one alias of a large value, many times, is refused by the number of values")
  func nodeLimit() {
    let text =
      "x-a: &a [\(Array(repeating: "x", count: 20_000).joined(separator: ","))]\nx-b: [\(Array(repeating: "*a", count: 90).joined(separator: ","))]\n"
    #expect(Loader.codes(Loader.load(text)) == [DiagnosticCode.yamlTooManyAliases.rawValue])
  }

  static let deep: [(String, String)] = [
    ("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", ""), ("[{a: ", "}]"), ("!!seq [", "]"), ("&a [", "]"),
  ]

  @Test("deep nesting is refused, closed or not, without a deep stack", arguments: deep, [33, 999, 1_001, 20_000])
  func nesting(brackets: (String, String), depth: Int) throws {
    for close in [true, false] {
      let text = "x-a: " + String(repeating: brackets.0, count: depth) + (close ? String(repeating: brackets.1, count: depth) : "") + "\n"
      let loaded = Loader.load(text.utf8.count <= 256 * 1024 ? text : String(text.prefix(256 * 1024)))
      #expect(loaded.hasErrors)
      #expect(loaded.diagnostics.allSatisfy { $0.code.hasPrefix("yaml.") || $0.code.hasPrefix("document.") })
    }
  }

  @Test("blocks that indent by one space a line are refused beyond 32")
  func indentation() {
    let text = (0..<600).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
    #expect(Loader.codes(Loader.load(text)) == [DiagnosticCode.yamlTooDeep.rawValue])
  }

  @Test("text of 256 KiB that costs parsers quadratic time is read or refused")
  func quadratic() {
    let size = 256 * 1024
    let pieces = [
      "a ", "\"a\" ", "'a' ", "a: ", "- ", "? ", ": ", "{", "[", "[a, ", "{a: b, ", "&a ", "*a ", "!a ", "!<a> ", "|\n", ">\n a\n",
      "%TAG ! a\n", "---\n",
      "...\n", "# a\n", "\n", " \n", "\t", "\"\\", "\"\\u0041", "a\n\n\n", "a: &a b\n", "%", "@", "`", ",", "]", "\r", "\u{85}", "\u{2028}",
      "\u{FEFF}",
      "é", "𝄞", "[? a : b, ", "a\n---\n", "- [a,b,c]\n", "--- &a a\n", "{a: 1},",
    ]
    for piece in pieces {
      let text = String(repeating: piece, count: size / piece.utf8.count)
      let loaded = Loader.load(text)
      #expect(loaded.hasErrors, "\(piece.debugDescription)")
      #expect(Loader.text(loaded).utf8.count < 20_000, "\(piece.debugDescription)")
    }
  }

  @Test("many distinct keys, anchors and documents are read in reasonable time")
  func wide() {
    #expect(Loader.load((0..<20_000).map { "k\($0): 1\n" }.joined()).hasErrors)
    #expect(Loader.load((0..<15_000).map { "- &a\($0) 1\n" }.joined()).hasErrors)
    #expect(Loader.load((0..<15_000).map { "a\($0)\n---\n" }.joined()).hasErrors)
  }

  @Test("more than 256 KiB is refused by size alone")
  func size() {
    let loaded = Loader.load(bytes: [UInt8](repeating: UInt8(ascii: "#"), count: 256 * 1024 + 1))
    #expect(Loader.codes(loaded) == [DiagnosticCode.yamlTooLarge.rawValue])
    #expect(
      Loader.codes(Loader.load(bytes: [UInt8](repeating: UInt8(ascii: "#"), count: 256 * 1024))) == [DiagnosticCode.documentEmpty.rawValue])
  }

  @Test(
    "bytes that are not UTF-8 are refused where they stand",
    arguments: [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xC0, 0x80], [0xF5, 0x80, 0x80, 0x80]] as [[UInt8]])
  func encoding(bad: [UInt8]) throws {
    let loaded = Loader.load(bytes: Array("# é\nkind: ".utf8) + bad + Array("\n".utf8))
    let diagnostic = try #require(loaded.diagnostics.first)
    #expect(diagnostic.code == DiagnosticCode.yamlEncoding.rawValue)
    #expect(diagnostic.location == SourceLocation(file: "jobs.yaml", line: 2, column: 7))
  }

  @Test(
    "control characters are refused where they stand, and reach no terminal",
    arguments: ["\u{0}", "\u{1B}[2J", "\u{7F}", "\u{80}", "\u{FFFE}"])
  func control(character: String) throws {
    let loaded = Loader.load("a: b\nc: x\(character)\n")
    let diagnostic = try #require(loaded.diagnostics.first)
    #expect(diagnostic.code == DiagnosticCode.yamlSyntax.rawValue)
    #expect(diagnostic.location == SourceLocation(file: "jobs.yaml", line: 2, column: 5))
    #expect(!Loader.text(loaded).unicodeScalars.contains(character.unicodeScalars.first!))
  }

  @Test("a byte-order mark and Windows line ends are taken as they are meant")
  func windows() {
    let text = "\u{FEFF}" + Loader.job(path: "in.jsonl").replacing("\n", with: "\r\n")
    #expect(Loader.text(Loader.load(text)) == "")
    let wrong = Loader.load(text.replacing("kind: Job", with: "kind: Jo"))
    #expect(wrong.diagnostics.first?.location == SourceLocation(file: "jobs.yaml", line: 2, column: 7))
  }

  @Test("stars in quotes, comments and blocks of text are no aliases")
  func stars() {
    let text = Loader.job(
      path: "\"logs/*a.log\"", before: "# *a: b\nx-a: &a 1\nx-b: *a\nx-c: { \"*a\": 1, \"xa\": 2, '*b': [\"*a: b\"] }\n",
      description: "|\n    *a : b\n    ? *a\n    {*a}")
    #expect(Loader.text(Loader.load(text)) == "")
  }

  @Test("no arrangement of tokens behind an alias bomb gets it into a key", arguments: 0..<4)
  func keyBombFuzz(seed: Int) {
    var bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n"
    var last: Character = "a"
    for name in "bcdefghi" {
      bomb += "\(name): &\(name) [\(Array(repeating: "*\(last)", count: 9).joined(separator: ","))]\n"
      last = name
    }
    let tokens = [
      "*i", "*i ", "*i\t", "*i:", "?", "? ", "?\n", ":", ": ", "[", "]", "{", "}", ",", " ", "  ", "\n", "\n  ", "\r", "\u{85}", "- ",
      "\"q\"", "'q'", "&z ",
      "&z", "!t ", "!<t> ", "#", " #", "|", ">", "k", "k: ", "---\n", "...\n", "\t",
    ]
    var random = SeededRandom(seed: UInt64(seed) &+ 77)
    for _ in 0..<300 {
      var text = bomb + (random.next() % 4 == 0 ? "" : "z: ")
      for _ in 0..<(2 + random.next() % 14) { text += tokens[Int(random.next() % UInt64(tokens.count))] }
      // A key that got through would take 9^9 steps: this test would not end.
      #expect(Loader.load(text).hasErrors, "seed \(seed): \(text.debugDescription)")
    }
  }
}
