/// A job file as it was read: its name for messages and its lines for carets.
///
/// Lines end where YAML says they do (LF, CR, CR LF, NEL, LS, PS), so that marks of the parser fit. Columns are counted in Unicode scalars.
public struct SourceText: Sendable {
  /// What messages call it: the path as the user gave it.
  public let name: String
  /// The whole text, without a byte-order mark.
  public let text: String
  /// The scalars of each line, without its end.
  let lines: [[Unicode.Scalar]]

  /// Divides the text into lines. O(text).
  public init(name: String, text: String) {
    self.name = name
    self.text = text
    var lines: [[Unicode.Scalar]] = [[]]
    var afterReturn = false
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n" where afterReturn: afterReturn = false
      case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}":
        lines.append([])
        afterReturn = scalar == "\r"
      default:
        lines[lines.count - 1].append(scalar)
        afterReturn = false
      }
    }
    self.lines = lines
  }

  /// The scalars of a line counted from 1; empty when there is no such line.
  func line(_ number: Int) -> [Unicode.Scalar] {
    lines.indices.contains(number - 1) ? lines[number - 1] : []
  }

  /// How many scalars of the line the token takes that begins at a 1-based line and column: at least 1.
  func tokenLength(line number: Int, column: Int) -> Int {
    let line = line(number)
    let start = column - 1
    guard line.indices.contains(start) else { return 1 }
    switch line[start] {
    case "\"", "'": return quotedLength(line, start)
    case "[", "{", "|", ">", "-", "?": return 1
    case "*", "&", "!": return prefix(line, start) { $0 != " " && $0 != "," && $0 != "]" && $0 != "}" && $0 != ":" }
    default: return 1
    }
  }

  private func prefix(_ line: [Unicode.Scalar], _ start: Int, while matches: (Unicode.Scalar) -> Bool) -> Int {
    max(1, line[start...].prefix(while: matches).count)
  }

  private func quotedLength(_ line: [Unicode.Scalar], _ start: Int) -> Int {
    let quote = line[start]
    var index = start + 1
    while index < line.count {
      if line[index] == "\\", quote == "\"" {
        index += 2
      } else if line[index] == quote {
        if quote == "'", index + 1 < line.count, line[index + 1] == "'" {
          index += 2
        } else {
          return index - start + 1
        }
      } else {
        index += 1
      }
    }
    return line.count - start
  }
}
