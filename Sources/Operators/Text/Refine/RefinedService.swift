internal import Dataflow

/// The shapes of one service, and what was said of them last. Messages are not counted: capsules are for that.
final class RefinedService {
  struct Change {
    /// A shape, or a fingerprint that is no more.
    var shape: KeyHash
    var template: RefinedTemplate
    var revision: Int64
  }

  /// New shapes are remembered until they are said, whether the map keeps them or not, so many of them.
  private static let unsaidLimit = 4_096

  /// Nil for messages without a service.
  let name: [UInt8]?
  private var map: ShapeMap
  /// The fingerprints that were said last: of shapes, and of fingerprints that were no more.
  private var said: [KeyHash: KeyHash] = [:]
  private var revision: Int64 = 0
  /// Shapes that were not said yet.
  private var unsaid: [KeyHash: [UInt8]] = [:]

  init(name: [UInt8]?, limit: Int) {
    self.name = name
    map = ShapeMap(limit: limit)
  }

  /// Whether a message of the shape changes nothing.
  func knows(_ shape: KeyHash) -> Bool { map.contains(shape) || said[shape] != nil }

  /// Adds a message of a shape that may be new. Returns whether there is something to say.
  func add(_ shape: KeyHash, _ template: [UInt8]) -> Bool {
    let isChanged = map.add(shape, template: template)
    if said[shape] != nil || unsaid[shape] != nil || unsaid.count >= Self.unsaidLimit { return isChanged }
    unsaid[shape] = template
    return true
  }

  /// Adds what another subtask knew of the service. Returns whether there is something to say.
  func merge(_ other: RefinedService) -> Bool {
    let isChanged = map.merge(other.map)
    said.merge(other.said) { mine, _ in mine }
    revision = max(revision, other.revision)
    unsaid.merge(other.unsaid) { mine, _ in mine }
    return isChanged || !other.unsaid.isEmpty
  }

  /// What is to be said now, ascending by shape; it counts as said.
  func changes() -> [Change] {
    let refined = map.refined()
    var changes: [(shape: KeyHash, template: RefinedTemplate)] = []
    var gone: [KeyHash: RefinedTemplate] = [:]
    let alive = Set(refined.templates.map(\.fingerprint))
    // A cover that says less than before may let go what it took in: a fingerprint that had gone is back.
    for template in refined.templates where said.removeValue(forKey: template.fingerprint) != nil {
      changes.append((template.fingerprint, template))
    }
    for shape in map.shapes.sorted() {
      guard let template = refined[shape] else { continue }
      let last = said.updateValue(template.fingerprint, forKey: shape)
      guard last != template.fingerprint else { continue }
      changes.append((shape, template))
      if let last, !alive.contains(last), gone[last] == nil { gone[last] = template }
    }
    for (shape, template) in unsaid.sorted(by: { $0.key < $1.key }) where refined[shape] == nil {
      let template = refined.template(of: shape, template: template)
      said[shape] = template.fingerprint
      changes.append((shape, template))
    }
    unsaid.removeAll()
    for (fingerprint, template) in gone.sorted(by: { $0.key < $1.key }) {
      said[fingerprint] = template.fingerprint
      changes.append((fingerprint, template))
    }
    // What the map does not keep is forgotten now and then, and said once more when it is seen again.
    if said.count > map.count + 2 * Self.unsaidLimit { said = said.filter { map.contains($0.key) } }
    if !changes.isEmpty { revision += 1 }
    return changes.map { Change(shape: $0.shape, template: $0.template, revision: revision) }
  }

  // MARK: Bytes

  /// The service as it is now. Costs nothing: the parts are shared until one of both changes.
  var saved: Saved { Saved(name: name, map: map, said: said, revision: revision, unsaid: unsaid) }

  /// What a checkpoint keeps of a service.
  struct Saved: Sendable {
    fileprivate let name: [UInt8]?
    fileprivate let map: ShapeMap
    fileprivate let said: [KeyHash: KeyHash]
    fileprivate let revision: Int64
    fileprivate let unsaid: [KeyHash: [UInt8]]

    /// Appends the service. O(bytes).
    func encode(into bytes: inout [UInt8]) {
      bytes.append(integer: UInt8(name == nil ? 0 : 1))
      bytes.append(counted: name ?? [])
      bytes.append(integer: revision)
      map.encode(into: &bytes)
      bytes.append(integer: UInt32(said.count))
      for (shape, fingerprint) in said.sorted(by: { $0.key < $1.key }) {
        for word in [shape.high, shape.low, fingerprint.high, fingerprint.low] { bytes.append(integer: word) }
      }
      bytes.append(integer: UInt32(unsaid.count))
      for (shape, template) in unsaid.sorted(by: { $0.key < $1.key }) {
        bytes.append(integer: shape.high)
        bytes.append(integer: shape.low)
        bytes.append(counted: template)
      }
    }
  }

  /// Reads what `encode` wrote. Throws `StateFormatError`. Shapes beyond a limit that is smaller now are let go.
  init(from reader: inout ByteReader, limit: Int) throws {
    let hasName = try reader.integer(UInt8.self) != 0
    let bytes = try reader.counted()
    name = hasName ? bytes : nil
    revision = try reader.integer()
    map = ShapeMap(limit: limit)
    map.merge(try ShapeMap(from: &reader))
    for _ in 0..<(try reader.integer(UInt32.self)) {
      let shape = KeyHash(high: try reader.integer(), low: try reader.integer())
      said[shape] = KeyHash(high: try reader.integer(), low: try reader.integer())
    }
    for _ in 0..<(try reader.integer(UInt32.self)) {
      let shape = KeyHash(high: try reader.integer(), low: try reader.integer())
      unsaid[shape] = try reader.counted()
    }
  }
}
