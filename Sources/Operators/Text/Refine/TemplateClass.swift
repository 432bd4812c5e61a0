internal import Dataflow

/// Shapes that have one template, and that template.
struct TemplateClass: Sendable {
  typealias Piece = TemplatePiece

  /// Indices of the shapes.
  var members: [Int]
  /// The template to compare by, its lists folded.
  var folded: [Piece]
  /// The template to show; nil when the shapes differ in more than what stands in single places.
  var full: [Piece]?

  /// What is shown.
  var shown: [Piece] { full ?? folded }

  private(set) var hardCount = 0
  private(set) var hasHole = false
  private(set) var hasOpen = false

  init(members: [Int], _ form: ShapeForm, _ pool: TextPool) {
    self.members = members
    // Where words became holes there may be new neighbours that are one variable.
    folded = TemplateForm.glued(form.folded, pool)
    full = form.full.map { TemplateForm.glued($0, pool) }
    for piece in folded {
      if piece.kind == .hard { hardCount += 1 }
      if piece.isHole { hasHole = true }
      if piece.kind == .open { hasOpen = true }
    }
  }

  /// The hash of the template with soft words as holes.
  var coarseKey: UInt64 { folded.indices.reduce(0) { $0 &+ Self.mix(folded[$1].coarse, $1) } &+ UInt64(folded.count) }

  /// What classes share that are one: `coarseKey`, unless there is no plain word that would say something still.
  var key: UInt64 { hardCount > 0 ? coarseKey : exactKey }

  /// The hash of the template, soft words as they are.
  private var exactKey: UInt64 { folded.indices.reduce(1) { $0 &+ Self.mix(folded[$1].identity, $1) } &+ UInt64(folded.count) }

  /// As `coarseKey`, with anything at all at place `i`.
  func coarseKey(except i: Int, _ whole: UInt64) -> UInt64 {
    whole &- Self.mix(folded[i].coarse, i) &+ Self.mix(UInt64(folded[i].gap.rawValue) | 1 << 60, i)
  }

  /// A sum of these over all places tells sequences apart: changing one place is a subtraction and an addition.
  private static func mix(_ value: UInt64, _ place: Int) -> UInt64 {
    var hasher = KeyHasher(seed: UInt64(place))
    hasher.combine(value)
    return hasher.finish().low
  }

  /// The template of both, place by place; nil when they do not stand side by side.
  static func merged(_ a: [Piece], _ b: [Piece]) -> [Piece]? {
    guard a.count == b.count else { return nil }
    var result = a
    for i in a.indices {
      guard a[i].gap == b[i].gap || i == 0 else { return nil }
      if a[i].identity == b[i].identity, a[i].kind == b[i].kind {
        if a[i].isHole, a[i].token != b[i].token { result[i].token = .value }
        continue
      }
      if a[i].kind == .mark || b[i].kind == .mark { return nil }
      let isOpen = a[i].kind == .open || b[i].kind == .open || a[i].kind == .hard || b[i].kind == .hard
      result[i] = Piece(
        kind: isOpen ? .open : .hole, gap: a[i].gap, token: a[i].isHole && b[i].isHole && a[i].token == b[i].token ? a[i].token : .value,
        text: 0)
    }
    return result
  }
}
