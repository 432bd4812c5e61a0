import Dataflow
import Operators
import PlantedData
import Testing

/// What becomes of what was found: policies, lists, patterns.
@Suite("redaction rules")
struct RedactionRulesTests {
  private static let key = Array("sixteen bytes and more".utf8)

  private func redact(_ text: String, _ options: [String: Config.Value]) throws -> String? {
    let redactor = TextRedactor(try RedactionOptions(Config(options)))
    let bytes = Array(text.utf8)
    return bytes.withUnsafeBufferPointer { redactor.redact($0) }.map { String(decoding: $0, as: UTF8.self) }
  }

  private func policies(_ entries: [(String, String)], key: String? = "sixteen bytes and more") -> [String: Config.Value] {
    var options: [String: Config.Value] = ["policies": .map(entries.map { (key: $0.0, value: .string($0.1)) })]
    if let key { options["pseudonymKey"] = .string(key) }
    return options
  }

  @Test("each type goes its own way")
  func ways() throws {
    let text = "bo@x.io from 10.1.2.3 paid with 4111111111111111, pwd=hunter2x"
    let rules = policies([("email", "pseudonym"), ("ipv4", "keep"), ("credit-card", "drop")])
    let redacted = try #require(try redact(text, rules))
    #expect(redacted.hasPrefix("<email:") && redacted.hasSuffix("> from 10.1.2.3 paid with , pwd=<password>"), "\(redacted)")
  }

  @Test("a pseudonym is the same for the same value, type and key, in every run, and tells nothing else")
  func pseudonyms() throws {
    let rules = policies([("email", "pseudonym"), ("ipv4", "pseudonym")])
    let both = try #require(try redact("a@x.io b@x.io a@x.io", rules))
    let parts = both.split(separator: " ")
    #expect(parts[0] == parts[2] && parts[0] != parts[1] && parts[0].utf8.count == "<email:1a2b3c4d5e6f>".utf8.count)
    // Written down once: pseudonyms in stored rows must not change.
    #expect(parts[0] == "<email:9bece220ce44>")
    let other = try redact("a@x.io", policies([("email", "pseudonym")], key: "another key of many bytes"))
    #expect(other != String(parts[0]))
  }

  @Test("values on the list of the allowed stay, exactly or by pattern; others like them do not")
  func allowed() throws {
    let options: [String: Config.Value] = [
      "allow": .list([.string("support@example.com"), .string("10.0.0.1")]), "allowPatterns": .list([.string(".*@corp\\.example")]),
    ]
    #expect(
      try redact("support@example.com xsupport@example.com bo@corp.example 10.0.0.1 10.0.0.12", options)
        == "support@example.com <email> bo@corp.example 10.0.0.1 <ip>")
  }

  @Test("denied words and patterns always go, whole words in any case")
  func denied() throws {
    let options: [String: Config.Value] = [
      "deny": .list([.string("Project Nightfall"), .string("größe")]),
      "patterns": .list([.object(Config(["name": .string("employee"), "regex": .string("E-\\d{6}")]))]),
      "allow": .list([.string("E-123456")]),
    ]
    #expect(
      try redact("PROJECT nightfall of E-123456 for bo@x.io, größe 3, project nightfalls", options)
        == "<denied> of <employee> for <email>, <denied> 3, project nightfalls")
    var dropping = options
    dropping["policies"] = .map([(key: "denied", value: .string("drop")), (key: "employee", value: .string("drop"))])
    #expect(try redact("x Project Nightfall y E-123456 z", dropping) == "x  y  z")
  }

  @Test("findings are places in the original text")
  func findings() throws {
    let redactor = TextRedactor(
      try RedactionOptions(Config(["patterns": .list([.object(Config(["name": .string("employee"), "regex": .string("E-\\d+")]))])])))
    let text = Array("a E-1 b@x.io E-234567890 10.1.2.3".utf8)
    _ = text.withUnsafeBufferPointer { redactor.redact($0) }
    #expect(redactor.findings.map { String(decoding: text[$0.range], as: UTF8.self) } == ["E-1", "b@x.io", "E-234567890", "10.1.2.3"])
    #expect(redactor.findings.map(\.name) == ["employee", "email", "employee", "ipv4"])
  }

  @Test(
    "options that cannot be meant are refused with a code",
    arguments: [
      ("redact.key", #"policies: pseudonym without a key"#), ("redact.key", "short"), ("redact.type", "emial"), ("redact.policy", "denied"),
      ("redact.pattern", "("), ("redact.pattern", "x*"), ("redact.pattern", "name"), ("redact.pattern", "empty word"),
    ])
  func refused(code: String, what: String) {
    let options: [String: Config.Value] =
      switch what {
      case "short": policies([("email", "pseudonym")], key: "short")
      case "emial": policies([("emial", "tag")])
      case "denied": policies([("denied", "pseudonym")])
      case "(", "x*": ["patterns": .list([.object(Config(["name": .string("a"), "regex": .string(what)]))])]
      case "name": ["patterns": .list([.object(Config(["name": .string("email"), "regex": .string("x")]))])]
      case "empty word": ["deny": .list([.string("")])]
      default: policies([("email", "pseudonym")], key: nil)
      }
    let error = #expect(throws: Diagnostic.self) { _ = try RedactionOptions(Config(options)) }
    #expect(error?.code == code)
  }

  @Test("a key that stands in the job file is refused, one from outside is not")
  func keyInFile() throws {
    var place = ConfigValue(.string("sixteen bytes and more"))
    let options = policies([("email", "pseudonym")])
    #expect(throws: Diagnostic.self) { _ = try RedactionOptions(Config(options, places: ["pseudonymKey": place])) }
    place.isFilledIn = true
    _ = try RedactionOptions(Config(options, places: ["pseudonymKey": place]))
  }

  // MARK: Laws

  /// Rules of all kinds.
  private static let rules: [(String, RedactionRules)] = [
    ("pseudonyms", all(.pseudonym)), ("dropped", all(.drop)), ("kept", all(.keep)),
    (
      "mixed",
      RedactionRules(
        policies: [.email: .pseudonym, .ipv4: .keep, .password: .drop, .phone: .pseudonym, .person: .drop, .credentials: .pseudonym],
        key: key)
    ),
    ("allowed", RedactionRules(allowed: ["10.1.2.3", "a@b.com"])),
  ]

  private static func all(_ policy: RedactionPolicy) -> RedactionRules {
    RedactionRules(policies: Dictionary(uniqueKeysWithValues: PIIType.allCases.map { ($0, policy) }), key: key)
  }

  @Test("under every policy the shape is that of the text with tags, and redacting twice changes nothing", arguments: 0..<5)
  func laws(index: Int) throws {
    let (name, rules) = Self.rules[index]
    let (plain, scanner) = (TextScanner(), TextScanner(rules: rules))
    var texts: [[UInt8]] = []
    for file in PlantedCorpus.files {
      for form in try PlantedCorpus.forms(file) { texts.append(PlantedCorpus.text(form, seed: UInt64(index)).bytes) }
    }
    var pieces = HostilePieces(seed: UInt64(7_000 + index))
    for _ in 0..<4_000 { texts.append(Array(pieces.text().utf8)) }
    for text in texts {
      let right = ScannedText(text, plain)
      let first = ScannedText(text, scanner)
      let shown = "\(name): \(String(decoding: text, as: UTF8.self).debugDescription) -> \(first.redactedText.debugDescription)"
      #expect(first.shape == right.shape && first.template == right.template, "\(shown)")
      #expect(ScannedText(first.redacted, scanner).redacted == first.redacted, "twice, \(shown)")
      // What has tags still, plain or with a hash, has the shape of the text with tags.
      if name == "pseudonyms" { #expect(ScannedText(first.redacted, plain).shape == right.shape, "shape, \(shown)") }
      if name == "kept" { #expect(first.redacted == text, "\(shown)") }
    }
  }
}
