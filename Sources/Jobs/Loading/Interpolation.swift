internal import Dataflow

/// Fills in `${VAR}`, `${VAR:-default}` and `${file:/path}` in the text values of a document. `$${` stands for `${`.
///
/// Works on values, not on YAML text: what a variable holds can never change the shape of a document. Keys, and everything under an `x-` key,
/// are left alone.
struct Interpolation {
  /// The longest secret file that is read.
  static let fileLimit = 64 * 1024

  let environment: [String: String]
  let readFile: @Sendable (String) throws -> [UInt8]
  /// What to call the document in details: `Connection "capsule-store"`.
  let owner: String
  /// An example for the value at a path, for hints.
  let example: (String) -> String?
  /// Values that could not be filled in: nothing more is to be said about them.
  private(set) var failed: Set<SourceLocation> = []

  init(
    environment: [String: String], readFile: @escaping @Sendable (String) throws -> [UInt8], owner: String,
    example: @escaping (String) -> String? = { _ in nil }
  ) {
    self.environment = environment
    self.readFile = readFile
    self.owner = owner
    self.example = example
  }

  /// The document with its variables filled in. All that are missing are reported.
  mutating func apply(_ value: ConfigValue, _ collector: inout DiagnosticCollector) -> ConfigValue {
    var result = value
    switch value.content {
    case .string(let text): return apply(text, value, &collector)
    case .list(var values):
      for index in values.indices { values[index] = apply(values[index], &collector) }
      result.content = .list(values)
    case .map(var entries):
      for index in entries.indices where !entries[index].key.hasPrefix("x-") {
        if entries[index].key.contains("${") { reject(entries[index], &collector) }
        entries[index].value = apply(entries[index].value, &collector)
      }
      result.content = .map(entries)
    default: break
    }
    return result
  }

  private func reject(_ entry: ConfigValue.Entry, _ collector: inout DiagnosticCollector) {
    collector.add(
      Diagnostic(
        code: DiagnosticCode.environmentInKey.rawValue, "variables are not filled in in keys", at: entry.keyLocation,
        length: entry.key.unicodeScalars.count, path: entry.value.path, detail: owner, hint: "write the key out"))
  }

  private mutating func apply(_ text: String, _ place: ConfigValue, _ collector: inout DiagnosticCollector) -> ConfigValue {
    guard text.contains("${") else { return place }
    var result = place
    var output = ""
    var rest = text[...]
    while let dollar = rest.firstIndex(of: "$") {
      output += rest[..<dollar]
      rest = rest[dollar...]
      if rest.hasPrefix("$${") {
        output += "${"
        rest = rest.dropFirst(3)
      } else if rest.hasPrefix("${") {
        guard let end = rest.firstIndex(of: "}") else {
          fail(place)
          collector.add(
            Diagnostic(.error, .environmentSyntax, "\"${\" is not closed", at: place, detail: owner, hint: "close it with }, or write $${"))
          return place
        }
        if let value = value(of: rest[rest.index(rest.startIndex, offsetBy: 2)..<end], place, &result.isSecret, &collector) {
          output += value
        } else {
          fail(place)
        }
        rest = rest[rest.index(after: end)...]
      } else {
        output.append("$")
        rest = rest.dropFirst()
      }
    }
    result.content = .string(output + rest)
    result.isFilledIn = true
    return result
  }

  private mutating func fail(_ place: ConfigValue) {
    if let location = place.location { failed.insert(location) }
  }

  private func value(
    of expression: Substring, _ place: ConfigValue, _ isSecret: inout Bool, _ collector: inout DiagnosticCollector
  ) -> String? {
    if expression.hasPrefix("file:") {
      isSecret = true
      return file(String(expression.dropFirst(5)), place, &collector)
    }
    let name = expression.prefix { $0 != ":" }
    let tail = expression[name.endIndex...]
    guard Self.isName(name), tail.isEmpty || tail.hasPrefix(":-") else {
      collector.add(
        Diagnostic(
          .error, .environmentSyntax, "\"${\(expression)}\" is not a variable", at: place, detail: owner,
          hint: "write ${NAME}, ${NAME:-default} or ${file:/path}; $${ for the text itself"))
      return nil
    }
    let value = environment[String(name)]
    if !tail.isEmpty {
      if let value, !value.isEmpty { return value }
      return String(tail.dropFirst(2))
    }
    guard let value else {
      let example = example(place.path) ?? "default"
      collector.add(
        Diagnostic(
          .error, .environmentMissing, "variable \(name) is not set", at: place, detail: "\(owner); no default is given",
          hint: "set \(name), or write ${\(name):-\(example)}"))
      return nil
    }
    return value
  }

  private func file(_ path: String, _ place: ConfigValue, _ collector: inout DiagnosticCollector) -> String? {
    func fail(_ why: String, _ hint: String, detail: String = "") -> String? {
      let details = detail.isEmpty ? owner : "\(owner); \(detail)"
      collector.add(Diagnostic(.error, .environmentFile, "file \"\(path)\" \(why)", at: place, detail: details, hint: hint))
      return nil
    }
    guard path.hasPrefix("/") else { return fail("is not named by an absolute path", "write ${file:/path}") }
    let bytes: [UInt8]
    do { bytes = try readFile(path) } catch {
      return fail("cannot be read", "check that it exists and that this user may read it", detail: "\(error)")
    }
    guard bytes.count <= Self.fileLimit else {
      return fail("has more than \(Units.format(bytes: Int64(Self.fileLimit)))", "name the file that holds only the secret")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { return fail("is not UTF-8", "encode it, for example as base64") }
    // Editors and `echo` end a file with a line end that is no part of the secret.
    if text.hasSuffix("\r\n") || text.hasSuffix("\n") { return String(text.dropLast()) }
    return text
  }

  private static func isName(_ name: Substring) -> Bool {
    guard let first = name.utf8.first, !(first >= UInt8(ascii: "0") && first <= UInt8(ascii: "9")) else { return false }
    return name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "_"):
        true
      default: false
      }
    }
  }
}
