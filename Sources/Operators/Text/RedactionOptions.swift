public import Dataflow
internal import RE2

/// The options that say how to redact: those of the operator `redact-pii`, and of the command.
public struct RedactionOptions: Sendable {
  /// What becomes of what the scanner finds; nil when everything is tagged.
  public let rules: RedactionRules?
  /// What is taken out besides; nil when there is nothing.
  public let patterns: UserPatterns?

  /// Their fields, for a descriptor.
  public static let fields = [
    ConfigField(
      "types", .list(.choice(PIIType.allCases.map(\.name))), example: "[email, credit-card]",
      "What to redact; everything when absent. Other types stay."),
    ConfigField(
      "policies", .map(.choice(RedactionPolicy.allCases.map(\.rawValue))), example: "{ email: pseudonym, ipv4: keep }",
      "What becomes of a type: tag (<email>), pseudonym (<email:1a2b3c4d5e6f>, equal for equal values), drop, or keep."),
    ConfigField(
      "pseudonymKey", .string, example: "\"${file:/run/secrets/pseudonyms}\"", secret: true,
      "The key of pseudonyms, 16 bytes or more; from the environment or a file, never written out in the job."),
    ConfigField("allow", .list(.string), example: "[support@example.com]", "Values that stay, exactly as they are written."),
    ConfigField(
      "allowPatterns", .list(.string), example: "['.*@example\\.com']", "Values that stay: regular expressions (RE2) for the whole value."),
    ConfigField("deny", .list(.string), example: "[Project Nightfall]", "Words that are always taken out, case aside: <denied>."),
    ConfigField(
      "patterns",
      .list(
        .object([
          ConfigField("name", .string, required: true, example: "employee", "The name of the tag: small letters and dashes."),
          ConfigField("regex", .string, required: true, example: "'E-\\d{6}'", "A regular expression (RE2)."),
        ])), example: "[{ name: employee, regex: 'E-\\d{6}' }]", "What else is taken out: <employee>."),
  ]

  /// Options that are made rather than read.
  package init(rules: RedactionRules?, patterns: UserPatterns? = nil) {
    self.rules = rules
    self.patterns = patterns
  }

  /// Reads the options. Throws `Diagnostic` at the place of what is wrong.
  public init(_ config: Config) throws {
    var policies: [PIIType: RedactionPolicy] = [:]
    if let names = config.strings("types") {
      let types = PIITypes(names.compactMap(PIIType.init(name:)))
      for type in PIIType.allCases where !types.contains(type) { policies[type] = .keep }
    }
    let own = try Self.patterns(config)
    var drops: Set<String> = []
    for (name, value) in config.map("policies") ?? [] {
      guard case .string(let text) = value, let policy = RedactionPolicy(rawValue: text) else { continue }
      if let type = PIIType(name: name) {
        policies[type] = policy
      } else if own.contains(where: { $0.name == name }) || name == UserPatterns.deniedName {
        guard policy == .tag || policy == .drop else {
          throw config.diagnostic(
            "policies", code: "redact.policy", "\"\(name)\" cannot have the policy \(text)",
            hint: "words and patterns of your own have tag or drop")
        }
        if policy == .drop { drops.insert(name) }
      } else {
        let known = PIIType.allCases.map(\.name) + own.map(\.name)
        let nearest = NearestName.hint(name, in: known)
        throw config.diagnostic(
          "policies", code: "redact.type", "there is no type \"\(name)\"",
          hint: nearest.isEmpty ? "there are: \(known.joined(separator: ", "))" : nearest)
      }
    }
    let key = try Self.key(config, isNeeded: policies.values.contains(.pseudonym))
    let forms = try (config.strings("allowPatterns") ?? []).map { try Self.expression($0, "allowPatterns", config) }
    let rules = RedactionRules(
      policies: policies, key: key, allowed: config.strings("allow") ?? [], allowedForms: forms, rounds: Redactor.maximumRounds)
    self.rules = rules.isPlain ? nil : rules
    let denied = config.strings("deny") ?? []
    guard !denied.contains("") else { throw config.diagnostic("deny", code: "redact.pattern", "an empty word stands everywhere") }
    patterns = denied.isEmpty && own.isEmpty ? nil : try UserPatterns(denied: denied, patterns: own, drops: drops)
  }

  private static func patterns(_ config: Config) throws -> [(name: String, expression: RegularExpression)] {
    let taken = Set(TokenKind.allCases.map { "\($0.placeholder)".dropFirst().dropLast() } + [UserPatterns.deniedName[...]])
    var seen: Set<String> = []
    return try (config.list("patterns") ?? []).compactMap { value in
      guard case .object(let pattern) = value, let name = pattern.string("name"), let regex = pattern.string("regex") else { return nil }
      guard !name.isEmpty, name.utf8.allSatisfy({ $0 >= 0x61 && $0 <= 0x7A || $0 == 0x2D }) else {
        throw config.diagnostic("patterns", code: "redact.pattern", "\"\(name)\" cannot be a tag", hint: "use small letters and dashes")
      }
      guard !taken.contains(name[...]), seen.insert(name).inserted else {
        throw config.diagnostic("patterns", code: "redact.pattern", "the tag \"\(name)\" is taken", hint: "choose another name")
      }
      return (name, try expression(regex, "patterns", config))
    }
  }

  private static func expression(_ text: String, _ option: String, _ config: Config) throws -> RegularExpression {
    do {
      let expression = try RegularExpression(text)
      if expression.matches(UnsafeBufferPointer(start: nil, count: 0)) {
        throw config.diagnostic(
          option, code: "redact.pattern", "the pattern matches the empty text", hint: "say what must be there at least")
      }
      return expression
    } catch let error as RegularExpressionError {
      throw config.diagnostic(
        option, code: "redact.pattern", "this is no regular expression: \(error.reason)",
        hint: "the syntax is that of RE2: no look-around, no back-references")
    }
  }

  private static func key(_ config: Config, isNeeded: Bool) throws -> [UInt8]? {
    guard let text = config.string("pseudonymKey") else {
      if isNeeded {
        throw config.diagnostic(
          "policies", code: "redact.key", "pseudonyms need a key", hint: "add pseudonymKey: \"${file:/run/secrets/pseudonyms}\"")
      }
      return nil
    }
    if let place = config.places["pseudonymKey"], !place.isFilledIn {
      throw config.diagnostic(
        "pseudonymKey", code: "redact.key", "the key stands in the job file",
        hint: "take it from outside: \"${file:/run/secrets/pseudonyms}\"")
    }
    var key = Array(text.utf8)
    while key.last == 10 || key.last == 13 { key.removeLast() }
    guard key.count >= 16 else {
      throw config.diagnostic(
        "pseudonymKey", code: "redact.key", "the key is shorter than 16 bytes", hint: "make one with: openssl rand -hex 32")
    }
    return key
  }
}
