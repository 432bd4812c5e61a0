import Dataflow
import Operators
import Testing

/// Templates are a function of the set of shapes; maps of shapes merge.
@Suite("refinement laws")
struct RefineLawTests {
  private func words(_ map: ShapeMap) -> [String] { map.refined().templates.map { String(decoding: $0.typedText, as: UTF8.self) } }

  /// Lines of hostile pieces, many of them alike.
  private func hostile(_ seed: UInt64, _ count: Int) -> ScannedShapes {
    var pieces = HostilePieces(seed: seed)
    var random = SplitMix(seed: seed)
    let middles = (0..<4).map { _ in pieces.text() }
    return ScannedShapes(
      (0..<count).map { _ in
        let middle = middles[Int(random.next() % 4)]
        return random.next() % 2 == 0 ? "user \(pieces.text()) did \(middle)" : "\(middle) \(pieces.text())"
      })
  }

  @Test("any order, four shards in any order and a restart in the middle: the same templates", arguments: LogSystems.all.map(\.name))
  func inventedSystems(name: String) throws {
    guard let system = LogSystems.all.first(where: { $0.name == name }) else { return }
    try RefinementStability.check(ScannedShapes(system.lines(seed: 11).map(\.text)))
  }

  @Test("the same holds for hostile text and for maps that overflow", arguments: 0..<12)
  func hostileText(seed: Int) throws {
    let shapes = hostile(UInt64(seed), 400)
    for limit in [3, 40, ShapeMap.defaultLimit] { try RefinementStability.check(shapes, limit: limit) }
  }

  @Test("merging is commutative, associative and, counts aside, idempotent; counts add up", arguments: 0..<12)
  func merging(seed: Int) {
    let shapes = hostile(UInt64(100 + seed), 300)
    for limit in [1, 5, 50, 2_048] {
      let a = shapes.map(shapes.lines[..<150], limit: limit)
      let b = shapes.map(shapes.lines[100..<200], limit: limit)
      let c = shapes.map(shapes.lines[170...], limit: limit)
      func merged(_ maps: ShapeMap...) -> ShapeMap {
        var result = ShapeMap(limit: limit)
        for map in maps { result.merge(map) }
        return result
      }
      #expect(merged(a, b).bytes == merged(b, a).bytes, "seed \(seed), limit \(limit)")
      #expect(merged(merged(a, b), c).bytes == merged(a, merged(b, c)).bytes, "seed \(seed), limit \(limit)")
      #expect(merged(a, a).messages == 2 * a.messages)
      #expect(words(merged(a, a)) == words(a), "seed \(seed), limit \(limit)")
      #expect(merged(a, b, c).messages == 150 + 100 + 130)
    }
  }

  @Test("a full map keeps a bounded number of shapes and still has a template for every message")
  func bounds() {
    var map = ShapeMap(limit: 16)
    let shapes = ScannedShapes(
      (0..<2_000).map { i in "event a\(i % 40)b.x\(i)y kind \(String("\(i)".utf8.map { Character(UnicodeScalar($0 + 49)) })) end" })
    shapes.add(shapes.lines, to: &map)
    #expect(map.count <= 16 * 8)
    #expect(map.messages == 2_000 && map.overflow > 0)
    // A column of many words is a hole for good, and takes in the words that are not kept.
    #expect(Set(shapes.texts(map.refined())) == ["event <*> kind <*> end"])
  }

  @Test("as a map grows, each template becomes another one or stays: following aliases ends", arguments: 0..<8)
  func aliases(seed: Int) {
    let lines = LogSystems.all[seed].lines(seed: 5).map(\.text)
    let shapes = ScannedShapes(lines)
    var map = ShapeMap()
    var old = map.refined()
    var next: [KeyHash: KeyHash] = [:]
    for part in stride(from: 0, to: lines.count, by: 40) {
      shapes.add(shapes.lines[part..<min(part + 40, lines.count)], to: &map)
      let new = map.refined()
      for alias in new.aliases(from: old) { next[alias.old] = alias.new }
      for template in old.templates {
        var at = template.fingerprint
        var steps = 0
        while let to = next[at], steps < 1_000 {
          at = to
          steps += 1
        }
        #expect(steps < 1_000)
        #expect(new.templates.contains { $0.fingerprint == at }, "seed \(seed)")
      }
      old = new
    }
  }

  @Test("bytes that are no map are refused")
  func damagedBytes() throws {
    let shapes = hostile(1, 50)
    let bytes = shapes.map(shapes.lines).bytes
    for cut in [0, 7, 8, 20, bytes.count / 2, bytes.count - 1] {
      #expect(throws: StateFormatError.self) {
        try Array(bytes[..<cut]).withUnsafeBytes { buffer in
          var reader = ByteReader(buffer)
          _ = try ShapeMap(from: &reader)
        }
      }
    }
  }
}

/// What must not make a difference.
enum RefinementStability {
  static func check(_ shapes: ScannedShapes, limit: Int = ShapeMap.defaultLimit, _ place: Testing.SourceLocation = #_sourceLocation) throws
  {
    let expected = shapes.texts(shapes.map(shapes.lines, limit: limit).refined())
    var random = SplitMix(seed: 42)
    for round in 0..<3 {
      var lines = shapes.lines
      lines.shuffle(using: &random)
      // Four shards, each restarted half-way, merged in another order.
      var shards: [ShapeMap] = []
      for shard in 0..<4 {
        let part = stride(from: shard, to: lines.count, by: 4).map { lines[$0] }
        var map = try shapes.map(part[..<(part.count / 2)], limit: limit).reloaded()
        shapes.add(part[(part.count / 2)...], to: &map)
        shards.append(map)
      }
      shards.shuffle(using: &random)
      var merged = ShapeMap(limit: limit)
      for shard in shards { merged.merge(shard) }
      let actual = shapes.texts(merged.refined())
      let different = zip(expected, actual).filter { $0 != $1 }
      #expect(different.count == 0, "round \(round), limit \(limit): \(different.prefix(2))", sourceLocation: place)
      #expect(merged.bytes == shapes.map(lines, limit: limit).bytes, sourceLocation: place)
    }
  }
}
