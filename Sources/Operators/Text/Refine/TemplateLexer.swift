/// Cuts the text of a template into pieces.
struct TemplateLexer {
  typealias Piece = TemplatePiece

  /// Cuts a template. O(bytes).
  static func pieces(_ text: [UInt8], _ pool: inout TextPool) -> [Piece] {
    var pieces: [Piece] = []
    var gap = Piece.Gap.none
    var i = 0
    while i < text.count {
      let byte = text[i]
      if Bytes.isSpace(byte) {
        gap = byte == 0x0A || gap == .line ? .line : .blank
        i += 1
        continue
      }
      if byte == UInt8(ascii: "<"), let hole = hole(text, i) {
        pieces.append(Piece(kind: hole.isOpen ? .open : .hole, gap: gap, token: hole.token, text: 0))
        i = hole.end
      } else if isMark(byte) {
        pieces.append(Piece(kind: .mark, gap: gap, token: .value, text: pool.number(of: text[i...i])))
        i += 1
      } else {
        let end = wordEnd(text, i)
        let word = text[i..<end]
        pieces.append(WordKinds.piece(word, gap: gap, isBeforeWord: isBeforeWord(text, end), &pool))
        i = end
      }
      gap = .none
    }
    return pieces
  }

  private static func hole(_ text: [UInt8], _ i: Int) -> (token: TokenKind, isOpen: Bool, end: Int)? {
    if i + 2 < text.count, text[i + 1] == UInt8(ascii: "*"), text[i + 2] == UInt8(ascii: ">") { return (.value, true, i + 3) }
    return text.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress, let tag = TokenKind.tag(at: base + i, before: base + buffer.count) else { return nil }
      return (tag.kind, false, tag.end - base)
    }
  }

  private static func isMark(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"),
      UInt8(ascii: "<"),
      UInt8(ascii: ">"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="),
      UInt8(ascii: "|"), UInt8(ascii: ":"):
      true
    default: false
    }
  }

  /// The end of the word at `i`: its sentence's full stop is another piece, an apostrophe inside it is not.
  private static func wordEnd(_ text: [UInt8], _ i: Int) -> Int {
    var end = i + 1
    while end < text.count {
      let byte = text[end]
      if Bytes.isSpace(byte) { break }
      if isMark(byte) {
        let isInside = end + 1 < text.count && Bytes.isAlpha(text[end + 1]) && Bytes.isAlpha(text[end - 1])
        if byte == UInt8(ascii: "'"), isInside {
          end += 1
        } else if byte == UInt8(ascii: ":"), end + 2 < text.count, text[end + 1] == byte, Bytes.isAlnum(text[end + 2]) {
          // `Module::name`
          end += 2
        } else {
          break
        }
      } else {
        end += 1
      }
    }
    if end == text.count || !Bytes.isAlnum(text[end]) && text[end] != UInt8(ascii: "<") {
      while end - 1 > i, Bytes.isSentenceEnd(text[end - 1]), Bytes.isAlnum(text[i]) { end -= 1 }
    }
    return end
  }

  /// Whether a word of letters follows behind one blank.
  private static func isBeforeWord(_ text: [UInt8], _ i: Int) -> Bool {
    i + 1 < text.count && text[i] == UInt8(ascii: " ") && Bytes.isAlpha(text[i + 1])
  }
}
