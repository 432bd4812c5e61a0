/// Lists and other repetitions.
extension TemplateForm {
  // MARK: Repetitions

  /// Longest period that is looked for, and how often it must be there.
  private static let longestPeriod = 8
  private static let repetitions = 3

  /// The pieces with runs of holes and repeated groups as one: `@<num> @<num> @<num>`, `node-<num> up node-<num> up node-<num> up`. For
  /// comparing only: whether a run is a list or so many columns shows when there are others of another length. O(pieces).
  static func folded(_ pieces: [Piece], _ pool: TextPool) -> [Piece] {
    var result: [Piece] = []
    result.reserveCapacity(pieces.count)
    var i = 0
    outer: while i < pieces.count {
      if let last = result.last, last.isHole, isMember(pieces, i, pool) {
        i += 2
        continue
      }
      if let end = restatementEnd(pieces, i, pool) {
        i = end
        continue
      }
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

  /// Whether `, <num>` stands at `i`.
  private static func isMember(_ pieces: [Piece], _ i: Int, _ pool: TextPool) -> Bool {
    i + 1 < pieces.count && pieces[i].kind == .mark && pieces[i].gap == .none && pieces[i + 1].isHole
      && pool.texts[Int(pieces[i].text)].first == UInt8(ascii: ",")
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
