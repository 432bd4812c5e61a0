/// The log of an invented system: its messages with the values left open, and lines made from them.
struct LogSystem: Sendable {
  let name: String
  /// Messages with `‹kind of value›` where something varies, `‹=text›` for values that happen to be always the same,
  /// `‹~kind›` for what may be there or not and does not matter,
  /// and `¶` for line ends.
  let messages: [String]

  struct Line {
    var text: String
    /// Which message it is.
    var message: Int
  }

  /// One message a row; empty rows do not count.
  init(_ name: String, _ text: String) {
    self.name = name
    messages = text.split(separator: "\n").map(String.init)
  }

  /// The template that a person would write for the message.
  func template(_ message: Int) -> String {
    var result = ""
    for piece in Self.pieces(messages[message]) {
      switch piece {
      case .text(let text): result += text
      case .value(let kind): if !kind.hasPrefix("~") { result += "<*>" }
      }
    }
    return result
  }

  /// Lines in random order: of each message between one and a hundred, few messages being frequent, as it is in logs.
  func lines(seed: UInt64) -> [Line] {
    var random = SplitMix(seed: seed)
    var lines: [Line] = []
    for (i, message) in messages.enumerated() {
      let pieces = Self.pieces(message)
      let count = [1, 2, 3, 6, 12, 25, 50, 100][Int(random.next() % 8)]
      for _ in 0..<count {
        let text = pieces.map { piece in
          switch piece {
          case .text(let text): text
          case .value(let kind): LogValues.value(kind, &random)
          }
        }.joined()
        lines.append(Line(text: text, message: i))
      }
    }
    lines.shuffle(using: &random)
    return lines
  }

  private enum Piece {
    case text(String)
    case value(String)
  }

  private static func pieces(_ message: String) -> [Piece] {
    var pieces: [Piece] = []
    var rest = message[...]
    while let open = rest.firstIndex(of: "‹"), let close = rest.firstIndex(of: "›") {
      pieces.append(.text(String(rest[..<open])))
      pieces.append(.value(String(rest[rest.index(after: open)..<close])))
      rest = rest[rest.index(after: close)...]
    }
    pieces.append(.text(String(rest)))
    return pieces.map { piece in
      guard case .text(let text) = piece else { return piece }
      return .text(text.replacing("¶", with: "\n"))
    }
  }
}
