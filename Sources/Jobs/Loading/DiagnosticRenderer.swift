public import Dataflow

/// Shows diagnostics to people: place, severity, code, the line with a caret, details, a hint, and a count at the end.
///
/// ```
/// jobs.yaml:61:15: error[config.duration-without-unit]: "size" needs a unit
///    61 |         size: 60
///       |               ^~
///   detail: operators.capsules.config.size is a duration
///   hint: write 60s, 60m or 60h
/// ```
public struct DiagnosticRenderer: Sendable {
  /// How many diagnostics are shown in full.
  static let shown = 100
  /// Scalars of a line that are shown; of a longer one the part around the mark.
  static let width = 160
  let sources: [SourceText]

  /// Lines are shown of these files; diagnostics of others go without.
  public init(sources: [SourceText]) { self.sources = sources }

  /// The diagnostics (the first hundred of very many) with a blank line between them, and the count. Empty when there are none.
  public func text(_ diagnostics: [Diagnostic]) -> String {
    guard !diagnostics.isEmpty else { return "" }
    let more = diagnostics.count > Self.shown ? ["… and \(diagnostics.count - Self.shown) more"] : []
    return (diagnostics.prefix(Self.shown).map(text) + more + [summary(diagnostics)]).joined(separator: "\n\n") + "\n"
  }

  /// One diagnostic, without a line end.
  public func text(_ diagnostic: Diagnostic) -> String {
    var lines: [String] = []
    let place = diagnostic.location.map { "\(Self.clean($0.file)):\($0.line):\($0.column): " } ?? ""
    lines.append("\(place)\(diagnostic.severity.rawValue)[\(diagnostic.code)]: \(Self.clean(diagnostic.message))")
    if let location = diagnostic.location, let source = sources.first(where: { $0.name == location.file }) {
      lines += snippet(source, location, diagnostic.length)
    }
    if !diagnostic.detail.isEmpty { lines.append("  detail: \(Self.clean(diagnostic.detail))") }
    if !diagnostic.hint.isEmpty { lines.append("  hint: \(Self.clean(diagnostic.hint))") }
    return lines.joined(separator: "\n")
  }

  /// `4 errors in jobs.yaml; no job was started`
  public func summary(_ diagnostics: [Diagnostic]) -> String {
    let errors = diagnostics.count { $0.severity == .error }
    let warnings = diagnostics.count - errors
    var counts: [String] = []
    if errors > 0 { counts.append(errors == 1 ? "1 error" : "\(errors) errors") }
    if warnings > 0 { counts.append(warnings == 1 ? "1 warning" : "\(warnings) warnings") }
    var files: [String] = []
    for file in diagnostics.compactMap({ $0.location?.file }) where !files.contains(file) { files.append(file) }
    let place =
      files.isEmpty ? "" : files.count <= 3 ? " in \(files.map { Self.clean($0) }.joined(separator: ", "))" : " in \(files.count) files"
    return counts.joined(separator: " and ") + place + (errors > 0 ? "; no job was started" : "")
  }

  private func snippet(_ source: SourceText, _ location: SourceLocation, _ length: Int) -> [String] {
    var line = source.line(location.line)
    var column = min(max(0, location.column - 1), line.count)
    line = Self.withoutComment(line, after: min(line.count, column + length))
    if line.count > Self.width {
      let start = max(0, min(column - Self.width / 2, line.count - Self.width))
      line = Array(line[start..<(start + Self.width)])
      column -= start
    }
    guard !line.isEmpty || column == 0 else { return [] }
    let number = String(location.line)
    let gutter = String(repeating: " ", count: max(0, 5 - number.count)) + number
    let indent = String(String.UnicodeScalarView(line[..<column].map { $0 == "\t" ? "\t" : " " }))
    let tildes = String(repeating: "~", count: max(0, min(length, line.count - column) - 1))
    let shown = Self.clean(String(String.UnicodeScalarView(line)), keepTabs: true)
    let bar = String(repeating: " ", count: gutter.count)
    return ["\(gutter) | \(shown)", "\(bar) | \(indent)^\(tildes)"]
  }

  /// What stands behind the mark as a comment is left out: it is not what the message is about.
  private static func withoutComment(_ line: [Unicode.Scalar], after start: Int) -> [Unicode.Scalar] {
    var quote: Unicode.Scalar?
    for index in line.indices[start...] {
      let scalar = line[index]
      if let open = quote {
        if scalar == open { quote = nil }
      } else if scalar == "\"" || scalar == "'" {
        quote = scalar
      } else if scalar == "#", index > start, line[index - 1] == " " {
        let kept = line[..<index]
        return Array(kept[..<(kept.lastIndex { $0 != " " }.map { $0 + 1 } ?? 0)])
      }
    }
    return line
  }

  /// Control characters never reach a terminal.
  static func clean(_ text: String, keepTabs: Bool = false) -> String {
    func isControl(_ scalar: Unicode.Scalar) -> Bool {
      switch scalar.value {
      case 0x09: !keepTabs
      case 0...0x1F, 0x7F...0x9F, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069, 0xFFFE...0xFFFF: true
      default: false
      }
    }
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "\u{FFFD}" : $0 }))
  }
}
