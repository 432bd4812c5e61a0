/// Quoted texts, and lines behind the first.
extension TemplateForm {
  /// Values of JSON members, and names of programs in quotes (`"curl/8.4.0"`), as holes. What the message says stays.
  static func quoted(_ pieces: [Piece], _ pool: TextPool) -> [Piece] {
    guard pieces.contains(where: { $0.kind == .mark && isQuote($0, pool) }) else { return pieces }
    var result: [Piece] = []
    result.reserveCapacity(pieces.count)
    var i = 0
    while i < pieces.count {
      let piece = pieces[i]
      result.append(piece)
      i += 1
      guard isQuote(piece, pool), i < pieces.count, let end = closing(pieces, i - 1, pool), end > i else { continue }
      if isMemberValue(result, pool) || isProgram(pieces, i, pool) {
        result.append(.hole(.value, gap: pieces[i].gap))
      } else {
        result += pieces[i..<end]
      }
      result.append(pieces[end])
      i = end + 1
    }
    return result
  }

  private static func isQuote(_ piece: Piece, _ pool: TextPool) -> Bool {
    isDoubleQuote(pool.texts[Int(piece.text)]) && piece.kind == .mark
  }
  private static func isDoubleQuote(_ text: ArraySlice<UInt8>) -> Bool { text.count == 1 && text.first == UInt8(ascii: "\"") }

  /// The quote that closes the one at `start`.
  private static func closing(_ pieces: [Piece], _ start: Int, _ pool: TextPool) -> Int? {
    var i = start + 1
    while i < pieces.count {
      // `\"` is part of the text.
      let isEscaped = pieces[i].gap == .none && pool.texts[Int(pieces[i - 1].text)].last == UInt8(ascii: "\\")
      if isQuote(pieces[i], pool), !isEscaped { return i }
      i += 1
    }
    return nil
  }

  /// Whether the quote that ends `pieces` opens the value of a member other than the message: `"key":"`.
  private static func isMemberValue(_ pieces: [Piece], _ pool: TextPool) -> Bool {
    let count = pieces.count
    guard count >= 5, text(pieces[count - 2], pool).elementsEqual(":".utf8), isQuote(pieces[count - 3], pool),
      isQuote(pieces[count - 5], pool)
    else { return false }
    let key = text(pieces[count - 4], pool)
    return !messageKeys.contains { key.elementsEqual($0.utf8) }
  }

  private static let messageKeys = ["msg", "message", "Message", "MESSAGE", "@message", "log", "text", "body", "event"]

  /// Whether the text at `i` begins with a program and its version: `Mozilla/<num>`.
  private static func isProgram(_ pieces: [Piece], _ i: Int, _ pool: TextPool) -> Bool {
    i + 1 < pieces.count && pieces[i].isWord && pieces[i].gap == .none && pieces[i + 1].isHole && pieces[i + 1].gap == .none
      && text(pieces[i], pool).last == UInt8(ascii: "/")
  }

  // MARK: Frames

  /// The frames of a stack trace are one hole: where something was thrown says more than how deep.
  static func frames(_ pieces: [Piece], _ pool: TextPool) -> [Piece] {
    guard pieces.contains(where: { $0.gap == .line }) else { return pieces }
    var result: [Piece] = []
    var i = 0
    while i < pieces.count {
      guard isFrame(pieces, i, pool) else {
        result.append(pieces[i])
        i += 1
        continue
      }
      if result.last?.token != .path || result.last?.gap != .line || result.last?.isHole != true { result.append(.hole(.path, gap: .line)) }
      // The line of the program stands behind where it is.
      var lines = text(pieces[i], pool).elementsEqual("File".utf8) ? 2 : 1
      repeat {
        i += 1
        if i < pieces.count, pieces[i].gap == .line { lines = isFrame(pieces, i, pool) ? 0 : lines - 1 }
      } while i < pieces.count && lines > 0
    }
    return result
  }

  /// Whether a line begins at `i` that is a frame: `at a.b(C.java:1)`, `File "a.py", line 1`, `#1 0x12 in f`, `... 12 more`.
  private static func isFrame(_ pieces: [Piece], _ i: Int, _ pool: TextPool) -> Bool {
    guard pieces[i].gap == .line, i + 1 < pieces.count else { return false }
    let first = text(pieces[i], pool)
    if first.elementsEqual("at".utf8) { return pieces[i + 1].gap == .blank }
    if first.elementsEqual("File".utf8) { return isQuote(pieces[i + 1], pool) }
    return (first.elementsEqual("#".utf8) || first.elementsEqual("...".utf8)) && pieces[i + 1].isHole
  }
}
