/// Whether one template says all that another says, word for word.
enum TemplateCover {
  typealias Piece = TemplatePiece

  /// How many pieces of a text without blanks one hole may stand for.
  private static let longestRun = 12
  /// A hole that the scanner found may stand for a plain word when there are so many equal words for each.
  static let wordsPerPlainWord = 4

  /// How many hard words of `b` fall into holes of `a` that are not open; nil when `a` does not cover `b`. O(a * b).
  static func plainWords(_ a: [Piece], _ b: [Piece], _ pool: TextPool) -> Int? {
    let none = Int.max
    var costs = [Int](repeating: none, count: b.count + 1)
    costs[0] = 0
    for i in a.indices {
      let piece = a[i]
      var next = [Int](repeating: none, count: b.count + 1)
      var isReachable = false
      for j in 0...b.count where costs[j] != none {
        if !piece.isHole {
          if j < b.count, b[j].identity == piece.identity {
            next[j + 1] = min(next[j + 1], costs[j])
            isReachable = true
          }
          continue
        }
        if mayBeEmpty(a, i, b, j, pool) {
          next[j] = min(next[j], costs[j])
          isReachable = true
        }
        guard j < b.count, b[j].gap == piece.gap else { continue }
        var cost = costs[j]
        var depth = 0
        var end = j
        while end < b.count, end - j < longestRun, end == j || b[end].gap == .none {
          let other = b[end]
          if other.kind == .mark {
            guard let step = nesting(other, pool) else { break }
            depth += step
            if depth < 0 { break }
          } else if other.kind == .hard, piece.kind != .open {
            cost += 1
          }
          end += 1
          if depth == 0 {
            next[end] = min(next[end], cost)
            isReachable = true
          }
        }
      }
      if !isReachable { return nil }
      costs = next
    }
    return costs[b.count] == none ? nil : costs[b.count]
  }

  /// `()` for `(<id>)`, `key= ` for `key=<value>`.
  private static func mayBeEmpty(_ a: [Piece], _ i: Int, _ b: [Piece], _ j: Int, _ pool: TextPool) -> Bool {
    guard i > 0, j > 0, a[i].gap == .none, a[i - 1].kind == .mark else { return false }
    switch pool.texts[Int(a[i - 1].text)].first {
    case UInt8(ascii: "="): return j == b.count || b[j].gap != .none || b[j].kind == .mark
    case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "\""), UInt8(ascii: "'"):
      return j < b.count && b[j].gap == .none && b[j].kind == .mark
    default: return false
    }
  }

  /// +1 and -1 for brackets, 0 for marks that may stand inside a value, nil for those that end it.
  private static func nesting(_ piece: Piece, _ pool: TextPool) -> Int? {
    switch pool.texts[Int(piece.text)].first {
    case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): 1
    case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): -1
    case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"), UInt8(ascii: "="),
      UInt8(ascii: "|"):
      nil
    default: 0
    }
  }
}
