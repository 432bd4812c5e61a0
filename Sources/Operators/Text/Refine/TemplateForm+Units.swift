/// Quantities that are written in several pieces.
extension TemplateForm {
  /// `<1 sec` is a duration as `00:17` is.
  static func boundedDurations(_ pieces: [Piece], _ pool: TextPool) -> [Piece] {
    guard pieces.contains(where: { text($0, pool).elementsEqual("<".utf8) }) else { return pieces }
    var result: [Piece] = []
    var i = 0
    while i < pieces.count {
      if i + 2 < pieces.count, text(pieces[i], pool).elementsEqual("<".utf8), pieces[i + 1].isHole, pieces[i + 1].gap == .none,
        isUnit(pieces[i + 2], .duration, pool)
      {
        result.append(.hole(.duration, gap: pieces[i].gap))
        i += 3
      } else {
        result.append(pieces[i])
        i += 1
      }
    }
    return result
  }

  /// Where `(<num> KB)` ends that says once more what stands before it (`<num> bytes`); nil when nothing of the kind begins at `i`.
  static func restatementEnd(_ pieces: [Piece], _ i: Int, _ pool: TextPool) -> Int? {
    guard i >= 2, i + 2 < pieces.count, text(pieces[i], pool).elementsEqual("(".utf8), pieces[i - 2].isHole, pieces[i - 1].kind == .hard,
      pieces[i + 1].isHole, pieces[i + 1].gap == .none
    else { return nil }
    let unit = text(pieces[i - 1], pool)
    guard unit.elementsEqual("bytes".utf8) || unit.elementsEqual("byte".utf8) || isUnit(pieces[i - 1], .size, pool) else { return nil }
    var end = i + 2
    // `(<num> KB)`, or `(<size>)`.
    if isUnit(pieces[end], .size, pool) { end += 1 } else if pieces[i + 1].token != .size { return nil }
    guard end < pieces.count, text(pieces[end], pool).elementsEqual(")".utf8), pieces[end].gap == .none else { return nil }
    return end + 1
  }

  private static func isUnit(_ piece: Piece, _ kind: TokenKind, _ pool: TextPool) -> Bool {
    guard piece.isWord else { return false }
    return text(piece, pool).withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return false }
      return Units.kind(base, buffer.count) == kind
    }
  }
}
