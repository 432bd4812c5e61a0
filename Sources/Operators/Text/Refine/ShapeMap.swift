public import Dataflow

/// The shapes that one service's messages have: the state that its templates are a function of.
///
/// A set that only grows, so copies of it merge in any order, any number of times, to the same set; counts of messages add up. It is bounded
/// by rules that depend on the set alone and not on the order of arrival:
///
/// - of the shapes with one coarse key (equal but for words that may be names) the eight with the smallest ids are kept, and of the others what they
///   have in common, with a hole where they differ: a column that had many words is a hole for good;
/// - of the coarse keys the `limit` smallest are kept. Messages of others are counted as `overflow`; a shape of theirs gets the template that covers it,
///   or else that of its coarse key.
public struct ShapeMap: Sendable {
  /// Part of every fingerprint: another version gives other templates.
  public static let version: UInt64 = 1
  /// How many coarse keys of a service are kept, unless said otherwise.
  public static let defaultLimit = 2_048

  /// How many coarse keys are kept.
  public let limit: Int
  /// Messages whose shape is not kept.
  public private(set) var overflow: UInt64 = 0

  private(set) var groups: [KeyHash: ShapeGroup] = [:]
  /// The groups of the shapes that are kept.
  private var places: [KeyHash: KeyHash] = [:]
  /// The largest key of a full map; what is larger does not come in.
  private var largest: KeyHash?

  /// No shapes yet. `limit` is 1 or more.
  public init(limit: Int = ShapeMap.defaultLimit) {
    precondition(limit > 0, "a map of no shapes is of no use")
    self.limit = limit
  }

  /// How many shapes are kept.
  public var count: Int { places.count }
  /// All messages that were added.
  public var messages: UInt64 { groups.values.reduce(overflow) { $0 &+ $1.messages } }

  /// Whether the shape is kept.
  public func contains(_ shape: KeyHash) -> Bool { places[shape] != nil }

  /// The shapes that are kept, in no order.
  var shapes: some Collection<KeyHash> { places.keys }

  /// Counts messages of a shape that is kept. False, and nothing counted, when it is not. O(1).
  @discardableResult
  public mutating func count(_ shape: KeyHash, messages: UInt64 = 1) -> Bool {
    guard let key = places[shape] else { return false }
    groups[key]?.count(shape, messages)
    return true
  }

  /// Adds messages of a shape, whose template is as the scanner writes it.
  ///
  /// - Returns: whether the templates may be others now.
  /// - Complexity: O(1) for a shape that is kept, else O(bytes of the template).
  @discardableResult
  public mutating func add(_ shape: KeyHash, template: [UInt8], messages: UInt64 = 1) -> Bool {
    if count(shape, messages: messages) { return false }
    var pool = TextPool()
    let key = ShapeForm(template, &pool).coarseKey(pool)
    guard admits(key) else {
      overflow &+= messages
      return false
    }
    places[shape] = key
    let result = groups[key, default: ShapeGroup()].add(ShapeGroup.Shape(id: shape, template: template, count: messages))
    if let dropped = result.dropped { places[dropped] = nil }
    trim()
    return result.isChanged
  }

  /// Adds all that another map has.
  ///
  /// - Returns: whether the templates may be others now.
  @discardableResult
  public mutating func merge(_ other: ShapeMap) -> Bool {
    overflow &+= other.overflow
    var isChanged = false
    for (key, group) in other.groups {
      guard admits(key) else {
        overflow &+= group.messages
        continue
      }
      let result = groups[key, default: ShapeGroup()].merge(group)
      for shape in group.shapes { places[shape.id] = key }
      for shape in result.dropped { places[shape] = nil }
      isChanged = isChanged || result.isChanged
      trim()
    }
    return isChanged
  }

  private func admits(_ key: KeyHash) -> Bool { largest.map { key <= $0 } ?? true }

  /// Lets the groups with the largest keys go. O(1) until the map is full, then O(limit) for each group that comes in: about the logarithm of how many ever do.
  private mutating func trim() {
    guard groups.count >= limit else { return }
    if groups.count > limit, let last = groups.keys.max(), let group = groups.removeValue(forKey: last) {
      overflow &+= group.messages
      for shape in group.shapes { places[shape.id] = nil }
      largest = groups.keys.max()
    } else if largest == nil {
      largest = groups.keys.max()
    }
  }

  /// The templates of the set.
  public func refined() -> RefinedTemplates { RefinedTemplates(self) }

  // MARK: Bytes

  /// Appends the map, for a checkpoint.
  public func encode(into bytes: inout [UInt8]) {
    bytes.append(integer: Self.version)
    bytes.append(integer: UInt32(limit))
    bytes.append(integer: overflow)
    bytes.append(integer: UInt32(groups.count))
    for (key, group) in groups.sorted(by: { $0.key < $1.key }) {
      bytes.append(integer: key.high)
      bytes.append(integer: key.low)
      group.encode(into: &bytes)
    }
  }

  /// Reads what `encode` wrote. Throws `StateFormatError` when it is something else, or of another version.
  public init(from reader: inout ByteReader) throws {
    let version = try reader.integer(UInt64.self)
    guard version == Self.version else {
      throw StateFormatError(
        "shapes of version \(version), this program has version \(Self.version). Give the operator a new id to start it afresh")
    }
    self.init(limit: max(1, Int(try reader.integer(UInt32.self))))
    overflow = try reader.integer()
    for _ in 0..<(try reader.integer(UInt32.self)) {
      let key = KeyHash(high: try reader.integer(), low: try reader.integer())
      let group = try ShapeGroup(from: &reader)
      for shape in group.shapes { places[shape.id] = key }
      groups[key] = group
    }
    trim()
  }
}
