/// Finds what may be an alias in YAML text, before any parser sees it.
///
/// Yams forgets where an alias stood, so the places of all that may be one are remembered. And it hashes the keys of every map while it builds
/// its tree: a key which is, or holds, an alias of aliases of aliases costs exponential time inside the parser. So there is a text without any
/// alias to look at the keys first. The scan knows no quotes and no comments; it errs on the side of seeing too much.
struct AliasScan {
  struct Token: Equatable {
    var name: String
    var line: Int
    var column: Int
  }

  /// In the order of the text.
  private(set) var tokens: [Token] = []

  init(_ source: SourceText) {
    guard source.text.utf8.contains(UInt8(ascii: "*")) else { return }
    for (number, line) in source.lines.enumerated() {
      for column in line.indices where line[column] == "*" {
        let name = line[(column + 1)...].prefix(while: Self.isName)
        guard !name.isEmpty else { continue }
        tokens.append(Token(name: String(String.UnicodeScalarView(name)), line: number + 1, column: column + 1))
      }
    }
  }

  /// The text with a private-use letter in the place of every `*` that could begin an alias. What is a node in the one is a node in the other,
  /// at the same place; an alias has become a scalar.
  static func withoutAliases(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    let scalars = text.unicodeScalars
    var index = scalars.startIndex
    while index < scalars.endIndex {
      let next = scalars.index(after: index)
      let begins = scalars[index] == "*" && next < scalars.endIndex && isName(scalars[next])
      result.append(begins ? "\u{E000}" : scalars[index])
      index = next
    }
    return String(result)
  }

  private static func isName(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", "_", "-": true
    default: false
    }
  }
}
