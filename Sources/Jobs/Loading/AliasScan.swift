/// Finds what may be an alias in YAML text, before any parser sees it.
///
/// Yams resolves aliases while it builds its tree and forgets where they stood; and it hashes the keys of every map, so that a key which is (or
/// holds) an alias of an alias of an alias costs exponential time inside the parser. Both are settled here on the plain text: the places of
/// possible aliases are remembered, and text that could put one into a key is refused. The scan knows no quotes and no comments, so it errs
/// on the side of seeing too much.
struct AliasScan {
  struct Token: Equatable {
    var name: String
    var line: Int
    var column: Int
  }

  /// In the order of the text.
  private(set) var tokens: [Token] = []
  /// Where an alias may stand inside of a key; nil when nowhere.
  private(set) var keyPlace: (line: Int, column: Int)?

  init(_ source: SourceText) {
    guard source.text.utf8.contains(UInt8(ascii: "*")), source.text.utf8.contains(UInt8(ascii: "&")) else { return }
    var question: (line: Int, column: Int)?
    for (number, line) in source.lines.enumerated() {
      let before = tokens.count
      for column in line.indices {
        let next = column + 1 < line.count ? line[column + 1] : " "
        switch line[column] {
        case "*" where Self.mayBeginToken(line, column) && Self.isName(next):
          let name = line[(column + 1)...].prefix(while: Self.isName)
          tokens.append(Token(name: String(String.UnicodeScalarView(name)), line: number + 1, column: column + 1))
          if keyPlace == nil, Self.isKeyEnd(line, column + 1 + name.count) { keyPlace = (number + 1, column + 1) }
        case "?" where question == nil && Self.mayBeginToken(line, column):
          question = (number + 1, column + 1)
        case "]", "}":
          // A map or list in brackets as a key: keys without `?` stand on one line.
          if keyPlace == nil, tokens.count > before, Self.isKeyEnd(line, column + 1) {
            keyPlace = (tokens[before].line, tokens[before].column)
          }
        default: break
        }
      }
    }
    if keyPlace == nil, !tokens.isEmpty { keyPlace = question }
  }

  private static func isName(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", "_", "-": true
    default: false
    }
  }

  private static func mayBeginToken(_ line: [Unicode.Scalar], _ column: Int) -> Bool {
    guard column > 0 else { return true }
    let previous = line[column - 1]
    return !isName(previous) && previous != "." && previous != "/" && previous != ")" || previous == "-"
  }

  private static func isKeyEnd(_ line: [Unicode.Scalar], _ start: Int) -> Bool {
    line[min(start, line.count)...].first { $0 != " " && $0 != "\t" } == ":"
  }
}
