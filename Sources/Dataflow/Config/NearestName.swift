/// Finds what a misspelt name was meant to be.
public enum NearestName {
  /// The known name that is closest to `name`, or nil when none is close enough to be worth a suggestion.
  ///
  /// Close is at most a third of the name's length in edits (insert, delete, replace, swap of neighbours), at least one; case and `-`/`_` are
  /// forgiven. O(candidates × length²); names longer than 64 scalars get no suggestion.
  public static func of(_ name: String, in candidates: some Sequence<String>) -> String? {
    let wanted = Array(folded(name))
    guard !wanted.isEmpty, wanted.count <= 64 else { return nil }
    let limit = max(1, wanted.count / 3)
    var best: (name: String, distance: Int)?
    for candidate in candidates where candidate != name {
      let other = Array(folded(candidate))
      guard other.count <= 64, abs(other.count - wanted.count) <= limit else { continue }
      let distance = edits(wanted, other)
      if distance <= limit, distance < (best?.distance ?? Int.max) { best = (candidate, distance) }
    }
    return best?.name
  }

  /// `did you mean "x"?`, or the empty string.
  public static func hint(_ name: String, in candidates: some Sequence<String>) -> String {
    of(name, in: candidates).map { "did you mean \"\($0)\"?" } ?? ""
  }

  private static func folded(_ name: String) -> [Unicode.Scalar] {
    name.lowercased().unicodeScalars.filter { $0 != "-" && $0 != "_" }
  }

  /// Optimal string alignment distance.
  private static func edits(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
    var rows = [[Int]](repeating: [Int](repeating: 0, count: b.count + 1), count: a.count + 1)
    for i in 0...a.count { rows[i][0] = i }
    for j in 0...b.count { rows[0][j] = j }
    guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
    for i in 1...a.count {
      for j in 1...b.count {
        let cost = a[i - 1] == b[j - 1] ? 0 : 1
        var distance = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + cost)
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { distance = min(distance, rows[i - 2][j - 2] + 1) }
        rows[i][j] = distance
      }
    }
    return rows[a.count][b.count]
  }
}
