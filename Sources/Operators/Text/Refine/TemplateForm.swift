/// Makes pieces of one shape into the forms that are compared with those of other shapes.
enum TemplateForm {
  typealias Piece = TemplatePiece

  /// The pieces with everything that is certainly one variable as one hole: glued holes, values of keys that are made of several pieces,
  /// lists of places (`a.b.C:12 a.b.D:7`). O(pieces).
  static func joined(_ pieces: [Piece], _ pool: TextPool) -> [Piece] {
    lists(values(glued(keys(pieces, pool), pool), pool), pool)
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
      if text == equals
        || text == colon && !pool.texts[Int(result[i].text)].contains(where: { Bytes.isDigit($0) || $0 == UInt8(ascii: ".") })
      {
        result[i].kind = .hard
      }
    }
    return result
  }

  private static let equals: ArraySlice<UInt8> = [UInt8(ascii: "=")]
  private static let colon: ArraySlice<UInt8> = [UInt8(ascii: ":")]

  // MARK: Glued holes

  private static func glued(_ pieces: [Piece], _ pool: TextPool) -> [Piece] {
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
          if depth == 0 { return finished(pieces, start, i, groups) }
          depth -= 1
          groups += 1
        case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "|"): if depth == 0 { return finished(pieces, start, i, groups) }
        case UInt8(ascii: "="), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"): return nil
        default: break
        }
      }
      i += 1
    }
    return depth == 0 ? finished(pieces, start, i, groups) : nil
  }

  private static func finished(_ pieces: [Piece], _ start: Int, _ end: Int, _ groups: Int) -> Int? {
    guard end - start >= 2, pieces[start].isWord || groups >= 2 else { return nil }
    return end
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

  // MARK: Repetitions

  /// Longest period that is looked for, and how often it must be there.
  private static let longestPeriod = 8
  private static let repetitions = 3

  /// The pieces with runs of holes and repeated groups as one: `@<num> @<num> @<num>`, `node-<num> up node-<num> up node-<num> up`. For
  /// comparing only: whether a run is a list or so many columns shows when there are others of another length. O(pieces).
  static func folded(_ pieces: [Piece]) -> [Piece] {
    var result: [Piece] = []
    result.reserveCapacity(pieces.count)
    var i = 0
    outer: while i < pieces.count {
      for period in 1...longestPeriod where i + period * repetitions <= pieces.count {
        let count = repeats(pieces, i, period)
        guard count >= repetitions else { continue }
        let members = pieces[i..<i + period]
        guard members.contains(where: \.isHole) else { continue }
        if period == 1 {
          result.append(pieces[i])
        } else if period == 2, let last = result.last, last.isHole, pieces[i + 1].isHole, pieces[i].kind == .mark {
          // The rest of a list whose first member stands before.
        } else {
          result.append(contentsOf: members)
        }
        i += period * count
        continue outer
      }
      result.append(pieces[i])
      i += 1
    }
    return result
  }

  /// How often the period at `i` follows itself.
  private static func repeats(_ pieces: [Piece], _ i: Int, _ period: Int) -> Int {
    var end = i + period
    while end < pieces.count {
      let offset = (end - i) % period
      let expected = pieces[i + offset]
      let actual = pieces[end]
      // The gap before the first of all says nothing.
      guard actual.isHole == expected.isHole, actual.isHole || actual.text == expected.text, offset == 0 || actual.gap == expected.gap
      else {
        break
      }
      if offset == 0, end > i + period, actual.gap != pieces[i + period].gap { break }
      end += 1
    }
    return (end - i) / period
  }
}
