internal import Dataflow

/// The shapes of one coarse key: the few with the smallest ids, and what all others have in common.
///
/// Which shapes are kept is a function of the set of all that were ever added, so groups merge in any order to the same one.
struct ShapeGroup: Sendable {
  /// Shapes kept. Two that differ in a place make it a hole, so more would change nothing.
  static let limit = 8

  struct Shape: Sendable {
    var id: KeyHash
    var template: [UInt8]
    var count: UInt64
  }

  /// What the shapes that are not kept have in common, as text: holes where they differ.
  struct General: Sendable {
    var folded: [UInt8]
    var full: [UInt8]?
    /// Messages of shapes that are not kept.
    var count: UInt64
  }

  /// Ascending by id.
  private(set) var shapes: [Shape] = []
  private(set) var general: General?

  var messages: UInt64 { shapes.reduce(general?.count ?? 0) { $0 &+ $1.count } }

  init() {}

  init(shapes: [Shape], general: General?) {
    self.shapes = shapes
    self.general = general
  }

  /// Counts messages of a shape that is kept.
  mutating func count(_ shape: KeyHash, _ messages: UInt64) {
    if let place = shapes.firstIndex(where: { $0.id == shape }) { shapes[place].count &+= messages }
  }

  /// Adds messages of a shape. Returns the id of the shape that is not kept any more, which may be this one; whether the template may differ now.
  mutating func add(_ shape: Shape) -> (dropped: KeyHash?, isChanged: Bool) {
    let place = shapes.firstIndex { $0.id >= shape.id } ?? shapes.count
    if place < shapes.count, shapes[place].id == shape.id {
      shapes[place].count &+= shape.count
      return (nil, false)
    }
    shapes.insert(shape, at: place)
    guard shapes.count > Self.limit else { return (nil, true) }
    let last = shapes.removeLast()
    return (last.id, generalize(last) || last.id != shape.id)
  }

  /// Adds what is known of the same group elsewhere. Returns the ids that are not kept.
  mutating func merge(_ other: ShapeGroup) -> (dropped: [KeyHash], isChanged: Bool) {
    var dropped: [KeyHash] = []
    var isChanged = false
    if let more = other.general { isChanged = generalize(more) }
    for shape in other.shapes {
      let result = add(shape)
      isChanged = isChanged || result.isChanged
      if let id = result.dropped { dropped.append(id) }
    }
    return (dropped, isChanged)
  }

  private mutating func generalize(_ shape: Shape) -> Bool {
    var pool = TextPool()
    let form = ShapeForm(shape.template, &pool)
    return generalize(Self.general(form, pool, count: shape.count))
  }

  private mutating func generalize(_ more: General) -> Bool {
    guard let known = general else {
      general = more
      return true
    }
    var pool = TextPool()
    let result = Self.form(known, &pool).joined(Self.form(more, &pool))
    let next = Self.general(result, pool, count: known.count &+ more.count)
    general = next
    return next.folded != known.folded || next.full != known.full
  }

  private static func general(_ form: ShapeForm, _ pool: TextPool, count: UInt64) -> General {
    General(
      folded: TemplateText.text(form.folded, pool, .exact),
      full: form.full.map { TemplateText.text($0, pool, .exact) }, count: count)
  }

  private static func form(_ general: General, _ pool: inout TextPool) -> ShapeForm {
    ShapeForm(
      folded: TemplateForm.pieces(ofForm: general.folded, &pool), full: general.full.map { TemplateForm.pieces(ofForm: $0, &pool) })
  }

  /// What all shapes of the group have in common. O(bytes of the shapes).
  func form(_ pool: inout TextPool) -> ShapeForm? {
    guard let first = shapes.first else { return nil }
    var result = ShapeForm(first.template, &pool)
    for shape in shapes.dropFirst() { result = result.joined(ShapeForm(shape.template, &pool)) }
    if let general { result = result.joined(Self.form(general, &pool)) }
    return result
  }
}
