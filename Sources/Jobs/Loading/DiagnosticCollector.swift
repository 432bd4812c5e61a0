internal import Dataflow

/// Gathers what is wrong, so that all of it can be reported at once.
struct DiagnosticCollector {
  /// How many are kept: nobody reads more, and a file of 60,000 wrong documents must not cost memory.
  static let limit = 1_000

  private(set) var diagnostics: [Diagnostic] = []
  /// Errors so far, also those beyond the limit.
  private(set) var errorCount = 0
  private var seen: Set<Diagnostic> = []

  var hasErrors: Bool { errorCount > 0 }

  /// Adds a diagnostic unless the same was said of the same place before (an anchor that is used twice).
  mutating func add(_ diagnostic: Diagnostic) {
    var identity = diagnostic
    if identity.location != nil {
      identity.path = ""
      identity.detail = ""
    }
    if diagnostic.severity == .error { errorCount += 1 }
    guard diagnostics.count < Self.limit, seen.insert(identity).inserted else { return }
    diagnostics.append(diagnostic)
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
