/// Finds the templates of a set of shapes: a pure function of the set.
///
/// Shapes that differ only in words that may be names are one template; words that differ in one place are a variable when there are many
/// of them; a template that says less takes in those that say the same with more. Repeated until nothing changes.
struct TemplateRefinery: Sendable {
  typealias Piece = TemplatePiece

  /// So many different plain words in one place are a variable …
  static let wordsForVariable = 7
  /// … or so many between other words …
  static let wordsInside = 4
  /// … or so many behind a colon at the end …
  static let wordsAtEnd = 3
  /// … or so many behind a word that a name follows, or alone in quotes or brackets.
  static let wordsAfterCue = 3

  private(set) var pool: TextPool
  private(set) var classes: [TemplateClass]
  /// The numbers of the classes, by key.
  private var byKey: [UInt64: Int] = [:]

  /// The classes of the given forms, which must be in an order that does not depend on when they came.
  ///
  /// Complexity: each round takes time linear in the number of pieces, apart from the search for covers, which is linear in the pairs of
  /// templates that begin alike. Three or four rounds are usual.
  init(_ forms: [ShapeForm], _ pool: TextPool) {
    self.pool = pool
    classes = forms.enumerated().map { TemplateClass(members: [$0], $1, pool) }
    refine()
    byKey = Dictionary(classes.enumerated().map { ($1.key, $0) }) { first, _ in first }
  }

  /// What the pieces show.
  func template(_ pieces: [Piece]) -> RefinedTemplate {
    RefinedTemplate(text: TemplateText.text(pieces, pool, .plain), typedText: TemplateText.text(pieces, pool, .typed))
  }

  // MARK: One more

  enum Place {
    /// The number of the class.
    case one(Int)
    /// No class: the form.
    case none(ShapeForm)
  }

  /// Where a shape belongs that was not among the forms: the class with the same coarse key, or the closest that covers it.
  mutating func place(_ template: [UInt8]) -> Place {
    let form = ShapeForm(template, &pool)
    let one = TemplateClass(members: [], form, pool)
    if let same = byKey[one.key] { return .one(same) }
    var best: Int?
    for i in classes.indices where classes[i].hasHole && classes[i].hardCount >= 1 && covers(classes[i], one) {
      if let known = best, !isCloser(i, known) { continue }
      best = i
    }
    return best.map { .one($0) } ?? .none(form)
  }

  private mutating func refine() {
    while true {
      while mergeEqual() {}
      if mergeColumns() { continue }
      if absorb() { continue }
      return
    }
  }

  // MARK: Equal but for soft words

  private mutating func mergeEqual() -> Bool {
    var sets = DisjointSets(classes.count)
    var first: [UInt64: Int] = [:]
    for (i, one) in classes.enumerated() {
      let key = one.key
      if let known = first[key] { sets.unite(known, i) } else { first[key] = i }
    }
    return mergeSideBySide(&sets)
  }

  // MARK: Equal but for one word

  private mutating func mergeColumns() -> Bool {
    var columns: [UInt64: Column] = [:]
    for (i, one) in classes.enumerated() where one.hardCount >= 1 {
      let whole = one.coarseKey
      for place in one.folded.indices where one.folded[place].kind != .mark {
        let piece = one.folded[place]
        // What is left must say something still.
        if piece.kind == .hard, one.hardCount < 2 { continue }
        columns[one.coarseKey(except: place, whole), default: Column(place: place)].add(i, piece, pool)
      }
    }
    var sets = DisjointSets(classes.count)
    for column in columns.values where column.classes.count >= 2 {
      if column.isOpen || column.variety >= wordsNeeded(column, classes[column.classes[0]]) {
        for other in column.classes.dropFirst() { sets.unite(column.classes[0], other) }
      }
    }
    return mergeSideBySide(&sets)
  }

  /// Classes that are equal but for one place.
  private struct Column {
    var place: Int
    var classes: [Int] = []
    private var hard = 0
    private var capitals = 0
    private var verbs = 0
    var isOpen = false
    private var hasHole = false

    init(place: Int) { self.place = place }

    mutating func add(_ i: Int, _ piece: Piece, _ pool: TextPool) {
      classes.append(i)
      switch piece.kind {
      case .open: isOpen = true
      case .hole, .soft: hasHole = true
      case .mark: break
      case .hard:
        hard += 1
        let word = pool.texts[Int(piece.text)]
        if WordKinds.isCapitals(word) { capitals += 1 } else if WordKinds.isVerb(word) { verbs += 1 }
      }
    }

    /// How many things were seen in the place. That the scanner saw a value there counts twice.
    var variety: Int { classes.count + (hasHole ? 1 : 0) }
    /// Whether most words are states or constants.
    var holdsConstants: Bool { capitals * 2 > hard }
    /// Whether most words are nothing that names a thing.
    var holdsVerbs: Bool { (capitals + verbs) * 2 > hard }
  }

  /// How many different words make a variable of the column.
  private func wordsNeeded(_ column: Column, _ one: TemplateClass) -> Int {
    guard !column.holdsConstants else { return Self.wordsForVariable }
    if !column.holdsVerbs, isExpectingName(one.folded, column.place) { return Self.wordsAfterCue }
    let others = one.hardCount - (one.folded[column.place].kind == .hard ? 1 : 0)
    // What comes first says what the message is about.
    let isFirst = !one.folded[..<column.place].contains { $0.kind == .hard }
    if isFirst || others < 2 { return Self.wordsForVariable }
    if column.place == one.folded.count - 1, one.folded[column.place - 1].kind == .mark { return Self.wordsAtEnd }
    return !column.holdsVerbs && others >= 3 ? Self.wordsInside : Self.wordsForVariable
  }

  /// Whether a name is likely at the place: behind a cue word, or alone in quotes.
  private func isExpectingName(_ pieces: [Piece], _ place: Int) -> Bool {
    guard place > 0 else { return false }
    let before = pieces[place - 1]
    if before.isWord { return WordKinds.isCue(pool.texts[Int(before.text)]) }
    guard before.kind == .mark, let mark = pool.texts[Int(before.text)].first else { return false }
    switch mark {
    case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"):
      return pieces[place].gap == .none && place + 1 < pieces.count && pieces[place + 1].text == before.text
        && pieces[place + 1].gap == .none
    case UInt8(ascii: "("), UInt8(ascii: "["):
      guard place > 1, place + 1 < pieces.count, pieces[place + 1].kind == .mark, pieces[place + 1].gap == .none else { return false }
      return pieces[place - 2].isHole || pieces[place - 2].isWord && WordKinds.isCue(pool.texts[Int(pieces[place - 2].text)])
    case UInt8(ascii: ":"):
      return place > 1 && pieces[place - 2].isWord && WordKinds.isCue(pool.texts[Int(pieces[place - 2].text)])
    default: return false
    }
  }

  /// Makes one class of each set. False when all sets have one member.
  private mutating func mergeSideBySide(_ sets: inout DisjointSets) -> Bool {
    guard sets.hasUnion else { return false }
    var merged: [TemplateClass] = []
    for set in sets.sets() {
      var result = classes[set[0]]
      if set.count > 1 {
        var folded = result.folded
        var full = result.full
        var members = result.members
        for i in set.dropFirst() {
          folded = TemplateClass.merged(folded, classes[i].folded) ?? folded
          if let a = full, let b = classes[i].full { full = TemplateClass.merged(a, b) } else { full = nil }
          members += classes[i].members
        }
        result = TemplateClass(members: members, ShapeForm(folded: folded, full: full), pool)
      }
      merged.append(result)
    }
    classes = merged
    return true
  }

  // MARK: Covered

  private mutating func absorb() -> Bool {
    var byFirst: [UInt64: [Int]] = [:]
    var anyFirst: [Int] = []
    for (i, one) in classes.enumerated() where one.hasHole && one.hardCount >= 1 {
      guard let first = one.folded.first else { continue }
      if first.isHole { anyFirst.append(i) } else { byFirst[first.identity, default: []].append(i) }
    }
    var cover = [Int?](repeating: nil, count: classes.count)
    for (i, one) in classes.enumerated() {
      guard let first = one.folded.first else { continue }
      var best: Int?
      for j in (byFirst[first.identity] ?? []) + anyFirst where j != i && covers(classes[j], one) {
        if let known = best, !isCloser(j, known) { continue }
        best = j
      }
      cover[i] = best
    }
    guard cover.contains(where: { $0 != nil }) else { return false }
    var sets = DisjointSets(classes.count)
    for (i, other) in cover.enumerated() { if let other { sets.unite(other, i) } }
    var merged: [TemplateClass] = []
    for set in sets.sets() {
      // Where each covers the other they are equal for us: the first one's text is shown.
      let root = set.first { cover[$0] == nil } ?? set[0]
      merged.append(
        TemplateClass(
          members: set.flatMap { classes[$0].members }, ShapeForm(folded: classes[root].folded, full: classes[root].full), pool))
    }
    classes = merged
    return true
  }

  private func covers(_ a: TemplateClass, _ b: TemplateClass) -> Bool {
    let plain = b.hardCount - a.hardCount
    guard plain >= 0, a.hasOpen || plain * TemplateCover.wordsPerPlainWord <= a.hardCount else { return false }
    guard isSubsequence(a.folded, of: b.folded), let words = TemplateCover.plainWords(a.folded, b.folded, pool) else { return false }
    return words * TemplateCover.wordsPerPlainWord <= a.hardCount
  }

  /// Whether the hard words of `a` occur in `b` in this order.
  private func isSubsequence(_ a: [Piece], of b: [Piece]) -> Bool {
    var j = 0
    for piece in a where piece.kind == .hard {
      while j < b.count, b[j].text != piece.text || b[j].kind != .hard { j += 1 }
      if j == b.count { return false }
      j += 1
    }
    return true
  }

  /// Whether `a` says more than `b`; the earlier one of two that say as much.
  private func isCloser(_ a: Int, _ b: Int) -> Bool {
    let x = classes[a]
    let y = classes[b]
    return (x.hardCount, x.folded.count, b) > (y.hardCount, y.folded.count, a)
  }
}
