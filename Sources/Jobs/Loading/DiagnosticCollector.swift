internal import Dataflow

/// Gathers what is wrong, so that all of it can be reported at once.
struct DiagnosticCollector {
  private(set) var diagnostics: [Diagnostic] = []
  private var seen: Set<Diagnostic> = []

  var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }
  var errorCount: Int { diagnostics.count { $0.severity == .error } }

  /// Adds a diagnostic unless the same was said of the same place before (an anchor that is used twice).
  mutating func add(_ diagnostic: Diagnostic) {
    var identity = diagnostic
    if identity.location != nil {
      identity.path = ""
      identity.detail = ""
    }
    if seen.insert(identity).inserted { diagnostics.append(diagnostic) }
  }

  mutating func add(_ more: some Sequence<Diagnostic>) {
    for diagnostic in more { add(diagnostic) }
  }
}

extension Sequence where Element == Diagnostic {
  /// In the order of files, lines and columns; those without a place come last.
  func sortedByPlace(files: [String]) -> [Diagnostic] {
    let rank = Dictionary(files.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    return enumerated().map { (offset: $0, diagnostic: $1) }.sorted { a, b in
      let left = a.diagnostic.location
      let right = b.diagnostic.location
      guard let left, let right else { return left == nil && right == nil ? a.offset < b.offset : left != nil }
      let l = (rank[left.file] ?? files.count, left.line, left.column, a.offset)
      let r = (rank[right.file] ?? files.count, right.line, right.column, b.offset)
      return l < r
    }.map(\.diagnostic)
  }
}
