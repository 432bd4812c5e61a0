/// Makes pieces of one shape into the forms that are compared with those of other shapes.
enum TemplateForm {
  typealias Piece = TemplatePiece

  /// The pieces with everything that is certainly one variable as one hole: glued holes, values of keys that are made of several pieces,
  /// lists of places (`a.b.C:12 a.b.D:7`). O(pieces).
  static func joined(_ pieces: [Piece], _ pool: TextPool) -> [Piece] {
    var pieces = keys(frames(pieces, pool), pool)
    pieces = values(quoted(boundedDurations(pieces, pool), pool), pool)
    return glued(lists(pieces, pool), pool)
  }

  /// The pieces of a form that was written down: what was joined then is not joined again.
  static func pieces(ofForm text: [UInt8], _ pool: inout TextPool) -> [Piece] { keys(TemplateLexer.pieces(text, &pool), pool) }

  /// Soft words that name what follows are hard: `cpu_idle=4`.
  private static func keys(_ pieces: [Piece], _ pool: TextPool) -> [Piece] {
    var result = pieces
    for i in result.indices.dropLast() where result[i].kind == .soft {
      let next = result[i + 1]
      guard next.gap == .none || pool.texts[Int(next.text)] == equals else { continue }
      let text = pool.texts[Int(next.text)]
      let word = pool.texts[Int(result[i].text)]
      let isSnake = word.contains(UInt8(ascii: "_")) && !word.contains { Bytes.isDigit($0) || $0 == UInt8(ascii: ".") }
      if text == equals || text == colon && isSnake {
        result[i].kind = .hard
      }
    }
    return result
  }

  private static let equals: ArraySlice<UInt8> = [UInt8(ascii: "=")]
  private static let colon: ArraySlice<UInt8> = [UInt8(ascii: ":")]

  /// The text of a piece; of a hole the empty one.
  static func text(_ piece: Piece, _ pool: TextPool) -> ArraySlice<UInt8> { pool.texts[Int(piece.text)] }

  // MARK: Glued holes

  /// Holes with nothing but a joint between them as one.
  static func glued(_ pieces: [Piece], _ pool: TextPool) -> [Piece] {
    var result: [Piece] = []
    result.reserveCapacity(pieces.count)
    for piece in pieces {
      result.append(piece)
      while joinLast(&result, pool) {}
    }
    return result
  }

  /// Joins the last pieces if they are one variable.
  private static func joinLast(_ pieces: inout [Piece], _ pool: TextPool) -> Bool {
    let count = pieces.count
    guard count >= 2 else { return false }
    let last = pieces[count - 1]
    guard last.gap == .none else { return false }
    let before = pieces[count - 2]
    if last.isHole {
      // `<num><id>`, `\\?<path>`
      if before.isHole || isBackslash(before, pool) { return join(&pieces, 2) }
      guard count >= 3, before.gap == .none else { return false }
      if pieces[count - 3].isHole, isJoint(before, pool) { return join(&pieces, 3) }
      // `mail.example.org:<num>`
      if byte(before, pool) == UInt8(ascii: ":"), isAddress(pieces[count - 3], pool) { return join(&pieces, 3) }
      // `{<uuid>}<path>`
      if count >= 4, byte(before, pool) == UInt8(ascii: "}"), pieces[count - 3].isHole, pieces[count - 3].gap == .none,
        byte(pieces[count - 4], pool) == UInt8(ascii: "{")
      {
        return join(&pieces, 4)
      }
    } else if last.kind == .soft {
      // `<num>:com.acme.App`
      if before.isHole { return join(&pieces, 2) }
      if count >= 3, before.gap == .none, byte(before, pool) == UInt8(ascii: ":"), pieces[count - 3].isHole { return join(&pieces, 3) }
    }
    return false
  }

  private static func join(_ pieces: inout [Piece], _ count: Int) -> Bool {
    let gap = pieces[pieces.count - count].gap
    pieces.removeLast(count)
    pieces.append(.hole(.identifier, gap: gap))
    return true
  }

  private static func byte(_ piece: Piece, _ pool: TextPool) -> UInt8? {
    let text = pool.texts[Int(piece.text)]
    return text.count == 1 ? text.first : nil
  }

  private static func isJoint(_ piece: Piece, _ pool: TextPool) -> Bool {
    let text = pool.texts[Int(piece.text)]
    guard !piece.isHole, text.count <= 2 else { return false }
    return text.allSatisfy {
      switch $0 {
      case UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "@"), UInt8(ascii: "#"), UInt8(ascii: "\\"),
        UInt8(ascii: "_"),
        UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "~"), UInt8(ascii: "&"):
        true
      default: false
      }
    }
  }

  /// Whether the word may be a host's name.
  private static func isAddress(_ piece: Piece, _ pool: TextPool) -> Bool {
    guard piece.kind == .soft else { return false }
    let text = pool.texts[Int(piece.text)]
    return text.contains(UInt8(ascii: ".")) || text.elementsEqual("localhost".utf8)
  }

  private static func isBackslash(_ piece: Piece, _ pool: TextPool) -> Bool {
    let text = pool.texts[Int(piece.text)]
    return !piece.isHole && text.first == UInt8(ascii: "\\") && text.allSatisfy { !Bytes.isAlnum($0) && $0 < 0x80 }
  }

  // MARK: Values

  /// `key=Type{<num>}`, `key=scheme:text`, `key=[<num>,<num>][<num>,<num>]`: what stands behind the equals sign unbroken is the value.
  private static func values(_ pieces: [Piece], _ pool: TextPool) -> [Piece] {
    var result: [Piece] = []
    result.reserveCapacity(pieces.count)
    var i = 0
    while i < pieces.count {
      result.append(pieces[i])
      i += 1
      guard i > 1, byte(pieces[i - 1], pool) == UInt8(ascii: "="), pieces[i - 1].kind == .mark, i < pieces.count, pieces[i].gap == .none,
        let end = valueEnd(pieces, i, pool)
      else { continue }
      result.append(.hole(.value, gap: .none))
      i = end
    }
    return result
  }

  /// The end of the value at `start` that is made of several pieces; nil when it is not, or is a structure with keys or blanks of its own.
  private static func valueEnd(_ pieces: [Piece], _ start: Int, _ pool: TextPool) -> Int? {
    var depth = 0
    var groups = 0
    var i = start
    while i < pieces.count {
      if i > start, pieces[i].gap != .none { break }
      if pieces[i].kind == .mark, let byte = byte(pieces[i], pool) {
        switch byte {
        case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "<"): depth += 1
        case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: ">"):
          if depth == 0 { return finished(pieces, start, i, groups, pool) }
          depth -= 1
          groups += 1
        case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "|"): if depth == 0 { return finished(pieces, start, i, groups, pool) }
        case UInt8(ascii: "="), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"): return nil
        default: break
        }
      }
      i += 1
    }
    return depth == 0 ? finished(pieces, start, i, groups, pool) : nil
  }

  private static func finished(_ pieces: [Piece], _ start: Int, _ end: Int, _ groups: Int, _ pool: TextPool) -> Int? {
    var end = end
    // The colon of a sentence.
    if end - start >= 2, byte(pieces[end - 1], pool) == UInt8(ascii: ":") { end -= 1 }
    guard end - start >= 2 else { return nil }
    // `addr=:<num>`
    if pieces[start].kind == .mark, groups == 0 { return pieces[end - 1].isHole ? end : nil }
    // `key=[name]`
    let isOneName = groups == 1 && end - start == 3 && pieces[start + 1].isWord
    return pieces[start].isWord || groups >= 2 || isOneName ? end : nil
  }

  // MARK: Lists

  /// `a.b.C.run:<num> a.b.D.go:<num>`: two or more are one variable.
  private static func lists(_ pieces: [Piece], _ pool: TextPool) -> [Piece] {
    var result: [Piece] = []
    result.reserveCapacity(pieces.count)
    var i = 0
    while i < pieces.count {
      var end = i
      var members = 0
      while isPlace(pieces, end, pool), members == 0 || pieces[end].gap != .none {
        members += 1
        end += 3
      }
      if members >= 2 {
        result.append(.hole(.identifier, gap: pieces[i].gap))
        i = end
      } else {
        result.append(pieces[i])
        i += 1
      }
    }
    return result
  }

  private static func isPlace(_ pieces: [Piece], _ i: Int, _ pool: TextPool) -> Bool {
    i + 2 < pieces.count && pieces[i].kind == .soft && pieces[i + 1].gap == .none && byte(pieces[i + 1], pool) == UInt8(ascii: ":")
      && pieces[i + 2].gap == .none && pieces[i + 2].isHole
  }
}
