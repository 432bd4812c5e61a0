internal import Dataflow
internal import Yams

/// Reads YAML text into values that know their place. Nothing below this type sees YAML.
///
/// Refuses, with a place, what a job file has no use for: text that is too large, too deep or not UTF-8, aliases that multiply, keys that are
/// written twice or are not text, tags. Time and memory are bounded by the size of the text, whatever it says.
struct YAMLReader {
  let source: SourceText
  private var collector = DiagnosticCollector()
  private var aliases: [AliasScan.Token] = []
  /// Marks of the anchored values met so far: a second visit is an alias.
  private var anchored: Set<Place> = []
  private var isExpanding = false
  private var nodes = 0
  private var expansions = 0
  private(set) var anchors: [SourceLocation: SourceLocation] = [:]
  /// Where the text before the next value ends: an alias stands behind it.
  private var cursor = Place(line: 1, column: 0)
  private var gaveUp = false

  private struct Place: Hashable, Comparable {
    var line: Int
    var column: Int
    static func < (a: Place, b: Place) -> Bool { (a.line, a.column) < (b.line, b.column) }
  }

  struct Result {
    var documents: [ConfigValue]
    var diagnostics: [Diagnostic]
    /// For values that stand at an alias: where the anchor is.
    var anchors: [SourceLocation: SourceLocation]
  }

  private init(_ source: SourceText) { self.source = source }

  /// The documents of the text, in order. Documents after the first syntax error are missing; the error says where.
  static func read(_ source: SourceText) -> Result {
    var reader = YAMLReader(source)
    let documents = reader.documents()
    return Result(documents: documents, diagnostics: reader.collector.diagnostics, anchors: reader.anchors)
  }

  /// Reads the bytes of a file. On failure the text is empty and the diagnostics say why.
  static func decode(_ bytes: [UInt8], name: String) -> (source: SourceText, diagnostics: [Diagnostic]) {
    guard bytes.count <= YAMLLimits.bytes else {
      let diagnostic = Diagnostic(
        .error, .yamlTooLarge, "the file has \(bytes.count) bytes, more than \(Units.format(bytes: Int64(YAMLLimits.bytes)))",
        hint: "split it: several files can be given at once")
      return (SourceText(name: name, text: ""), [located(diagnostic, name, 1, 1)])
    }
    // A byte-order mark is no part of the text.
    let content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
    guard let text = String(validating: content, as: UTF8.self) else {
      let repaired = SourceText(name: name, text: String(decoding: content, as: UTF8.self))
      let line = 1 + (repaired.lines.firstIndex { $0.contains("\u{FFFD}") } ?? 0)
      let column = 1 + (repaired.line(line).firstIndex(of: "\u{FFFD}") ?? 0)
      let diagnostic = Diagnostic(.error, .yamlEncoding, "the file is not UTF-8", hint: "save it as UTF-8")
      return (repaired, [located(diagnostic, name, line, column)])
    }
    return (SourceText(name: name, text: text), [])
  }

  // MARK: Reading

  private mutating func documents() -> [ConfigValue] {
    guard source.text.utf8.count <= YAMLLimits.bytes else {
      fail(.yamlTooLarge, "the text has more than \(Units.format(bytes: Int64(YAMLLimits.bytes)))", 1, 1, hint: "split it")
      return []
    }
    guard checkCharacters() else { return [] }
    var documents: [ConfigValue] = []
    do {
      guard try checkKeys() else { return [] }
      // No resolver rules: what plain scalars mean is decided in PlainScalar. The encoding is given because the default asks the environment.
      let parser = try Parser(yaml: source.text, resolver: .basic, encoding: .utf8)
      // The parser owns the anchors' names; nodes refer to them weakly.
      try withExtendedLifetime(parser) {
        while !gaveUp, let root = try parser.nextRoot() {
          if let value = convert(root, path: "", depth: 1) { documents.append(value) }
        }
      }
    } catch {
      add(error)
    }
    return gaveUp ? [] : documents
  }

  private mutating func checkCharacters() -> Bool {
    for (number, line) in source.lines.enumerated() {
      for (column, scalar) in line.enumerated() where !Self.isPrintable(scalar) {
        let code = String(scalar.value, radix: 16, uppercase: true)
        let padded = String(repeating: "0", count: max(0, 4 - code.count)) + code
        fail(
          .yamlSyntax, "control character U+\(padded) in the text", number + 1, column + 1,
          hint: "remove it, or write \"\\u\(padded)\" in quotes")
        return false
      }
    }
    return true
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x20...0x7E, 0xA0...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF: true
    default: false
    }
  }

  /// Looks at the keys of a text without aliases: with all of them text, and none an alias, hashing them is cheap. See `AliasScan`.
  ///
  /// Throws `YamlError` for what is wrong with the text whatever its aliases are.
  private mutating func checkKeys() throws -> Bool {
    aliases = AliasScan(source).tokens
    guard !aliases.isEmpty else { return true }
    let parser = try Parser(yaml: AliasScan.withoutAliases(source.text), resolver: .basic, encoding: .utf8)
    let places = Set(aliases.map { Place(line: $0.line, column: $0.column) })
    while let root = try parser.nextRoot() { checkKeys(root, places) }
    return !collector.hasErrors
  }

  /// The parser nests at most 1,000 deep, so recursion is bounded.
  private mutating func checkKeys(_ node: Node, _ places: Set<Place>) {
    switch node {
    case .sequence(let sequence): for child in sequence { checkKeys(child, places) }
    case .mapping(let mapping):
      for (key, child) in mapping {
        let mark = key.mark.map { Place(line: $0.line, column: $0.column) } ?? cursor
        if case .scalar = key {
          if places.contains(mark) {
            fail(
              .yamlUnsupported, "an alias cannot be the key of a map", mark.line, mark.column,
              hint: "write the key out, or put it in quotes")
          }
        } else {
          failKey(mark)
        }
        checkKeys(child, places)
      }
    default: break
    }
  }

  private mutating func failKey(_ mark: Place) {
    fail(.yamlUnsupported, "the key of a map is not text", mark.line, mark.column, hint: "write a plain word before the colon")
  }

  private mutating func convert(_ node: Node, path: String, depth: Int) -> ConfigValue? {
    guard !gaveUp else { return nil }
    let mark = node.mark.map { Place(line: $0.line, column: $0.column) } ?? cursor
    nodes += 1
    guard nodes <= YAMLLimits.nodes else {
      return giveUp(.yamlTooManyAliases, "aliases make more than \(YAMLLimits.nodes) values of this file", mark)
    }
    guard depth <= YAMLLimits.depth else {
      return giveUp(.yamlTooDeep, "maps and lists are nested more than \(YAMLLimits.depth) deep", mark)
    }
    guard node.anchor != nil, !anchored.insert(mark).inserted else {
      if !isExpanding { cursor = max(cursor, mark) }
      return content(of: node, at: mark, path: path, depth: depth).map {
        ConfigValue($0, at: SourceLocation(file: source.name, line: mark.line, column: mark.column), length: $1, path: path)
      }
    }
    return expand(node, anchor: mark, path: path, depth: depth)
  }

  /// Yams hands the anchored value out again for every alias; where the alias stood is found in the text. What is inside keeps its own place.
  private mutating func expand(_ node: Node, anchor: Place, path: String, depth: Int) -> ConfigValue? {
    expansions += 1
    let place = isExpanding ? anchor : aliasPlace(node.anchor?.rawValue ?? "") ?? anchor
    guard expansions <= YAMLLimits.aliases else {
      return giveUp(.yamlTooManyAliases, "more than \(YAMLLimits.aliases) aliases are expanded", place)
    }
    let location = SourceLocation(file: source.name, line: place.line, column: place.column)
    if place != anchor { anchors[location] = SourceLocation(file: source.name, line: anchor.line, column: anchor.column) }
    cursor = max(cursor, place)
    let outer = isExpanding
    isExpanding = true
    defer { isExpanding = outer }
    return content(of: node, at: anchor, path: path, depth: depth).map { content, _ in
      ConfigValue(content, at: location, length: source.tokenLength(line: place.line, column: place.column), path: path)
    }
  }

  private mutating func content(of node: Node, at mark: Place, path: String, depth: Int) -> (ConfigValue.Content, Int)? {
    switch node {
    case .scalar(let scalar):
      guard checkTag(scalar.tag, at: mark) else { return nil }
      return (scalar.style == .plain ? PlainScalar.resolve(scalar.string) : .string(scalar.string), length(of: scalar, at: mark))
    case .sequence(let sequence):
      guard checkTag(sequence.tag, at: mark) else { return nil }
      var values: [ConfigValue] = []
      for (index, child) in sequence.enumerated() {
        if let value = convert(child, path: "\(path)[\(index)]", depth: depth + 1) { values.append(value) }
      }
      return (.list(values), source.tokenLength(line: mark.line, column: mark.column))
    case .mapping(let mapping):
      guard checkTag(mapping.tag, at: mark) else { return nil }
      return (.map(entries(of: mapping, path: path, depth: depth)), source.tokenLength(line: mark.line, column: mark.column))
    case .alias:
      // Yams makes alias nodes only for writing.
      return giveUp(.yamlUnsupported, "an alias without a value", mark)
    }
  }

  private mutating func entries(of mapping: Node.Mapping, path: String, depth: Int) -> [ConfigValue.Entry] {
    var entries: [ConfigValue.Entry] = []
    var keys: Set<String> = []
    for (key, child) in mapping {
      let mark = key.mark.map { Place(line: $0.line, column: $0.column) } ?? cursor
      if !isExpanding { cursor = max(cursor, mark) }
      guard case .scalar(let name) = key else {
        failKey(mark)
        continue
      }
      if key.anchor != nil { anchored.insert(mark) }
      if name.string == "<<" {
        fail(
          .yamlUnsupported, "merge keys (<<) are not supported", mark.line, mark.column,
          hint: "use an alias for the whole value, or write the keys out")
        continue
      }
      guard keys.insert(name.string).inserted else {
        fail(
          .yamlDuplicateKey, "key \"\(name.string)\" is written twice in one map", mark.line, mark.column,
          length: length(of: name, at: mark),
          hint: "keep one of the two")
        continue
      }
      guard let value = convert(child, path: path.isEmpty ? name.string : "\(path).\(name.string)", depth: depth + 1) else { continue }
      let location = SourceLocation(file: source.name, line: mark.line, column: mark.column)
      entries.append(ConfigValue.Entry(key: name.string, keyLocation: location, value: value))
    }
    return entries
  }

  private mutating func checkTag(_ tag: Tag, at mark: Place) -> Bool {
    if tag.rawValue == Tag.Name.implicit.rawValue || tag.rawValue == Tag.Name.str.rawValue { return true }
    fail(.yamlUnsupported, "tags are not supported", mark.line, mark.column, hint: "remove the tag; put text in quotes")
    return false
  }

  private func length(of scalar: Node.Scalar, at mark: Place) -> Int {
    if scalar.style == .plain {
      // The mark of a scalar with an anchor is the anchor's.
      let line = source.line(mark.line)
      guard line.indices.contains(mark.column - 1), line[mark.column - 1] != "&" else {
        return source.tokenLength(line: mark.line, column: mark.column)
      }
      return max(1, min(scalar.string.unicodeScalars.count, line.count - mark.column + 1))
    }
    return source.tokenLength(line: mark.line, column: mark.column)
  }

  private func aliasPlace(_ name: String) -> Place? {
    let places = aliases.lazy.filter { $0.name == name }.map { Place(line: $0.line, column: $0.column) }
    return places.first { $0 > cursor }
  }

  // MARK: Failing

  private mutating func giveUp<T>(_ code: DiagnosticCode, _ message: String, _ place: Place) -> T? {
    fail(code, message, place.line, place.column)
    gaveUp = true
    return nil
  }

  private mutating func fail(
    _ code: DiagnosticCode, _ message: String, _ line: Int, _ column: Int, length: Int? = nil, detail: String = "",
    hint: String = ""
  ) {
    var diagnostic = Diagnostic(.error, code, message, detail: detail, hint: hint)
    diagnostic.length = length ?? source.tokenLength(line: line, column: column)
    collector.add(Self.located(diagnostic, source.name, line, column))
  }

  private static func located(_ diagnostic: Diagnostic, _ file: String, _ line: Int, _ column: Int) -> Diagnostic {
    var diagnostic = diagnostic
    diagnostic.location = SourceLocation(file: file, line: line, column: column)
    return diagnostic
  }

  private mutating func add(_ error: any Error) {
    guard let error = error as? YamlError else {
      fail(.yamlSyntax, "the text is not YAML: \(error)", 1, 1)
      return
    }
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let (line, column) = (mark.line, min(mark.column, source.line(mark.line).count + 1))
      let isDepth = problem.contains("nesting") || problem.contains("maximum level")
      fail(isDepth ? .yamlTooDeep : .yamlSyntax, problem, line, column, detail: describe(context), hint: hint(problem, line, column))
    case .duplicatedKeysInMapping(let names, let context):
      let name = names.first ?? "?"
      fail(
        .yamlDuplicateKey, "key \"\(name)\" is written twice in one map", context.mark.line, context.mark.column,
        length: name.unicodeScalars.count,
        hint: "keep one of the two")
    case .reader(let problem, _, _, _): fail(.yamlEncoding, problem, 1, 1)
    default: fail(.yamlSyntax, "the text is not YAML: \(error)", 1, 1)
    }
  }

  private func describe(_ context: YamlError.Context?) -> String {
    guard let context else { return "" }
    return context.mark.line > 0 ? "\(context.text) that begins at line \(context.mark.line), column \(context.mark.column)" : context.text
  }

  private func hint(_ problem: String, _ line: Int, _ column: Int) -> String {
    let text = source.line(line)
    if text.prefix(while: { $0 == " " || $0 == "\t" }).contains("\t") { return "indent with spaces: YAML does not take tabs" }
    if problem.contains("expected ','"), isVariable(near: line) { return "inside of { } and [ ], put text with ${…} in quotes" }
    if problem.contains("undefined alias") { return "define it before its first use: &name" }
    if problem.contains("mapping values are not allowed") { return "put text that holds a colon in quotes; check the indentation" }
    if text.indices.contains(column - 1), text[column - 1] == "@" || text[column - 1] == "`" { return "put the text in quotes" }
    return ""
  }

  /// Whether a variable without quotes stands on the line or the one before: the parser stops behind it.
  private func isVariable(near line: Int) -> Bool {
    [line - 1, line].contains { number in
      let text = String(String.UnicodeScalarView(source.line(number)))
      return text.contains(": ${") || text.contains("[${") || text.contains(", ${")
    }
  }
}
