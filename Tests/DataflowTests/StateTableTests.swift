import Dataflow
import DataflowTesting
import Synchronization
import Testing

/// A table against a dictionary, with checkpoints packed at any time, also beside the writer.
@Suite struct StateTableTests {
  private static func key(_ n: Int) -> KeyHash {
    var hasher = KeyHasher()
    hasher.combine(UInt64(n))
    return hasher.finish()
  }

  private static func restored(_ parts: [[UInt8]], stride: Int) throws -> [KeyHash: Int64] {
    var rows: [KeyHash: Int64] = [:]
    try TableRestore.forEachRow(parts, stride: stride) { row in
      let key = row.loadUnaligned(as: KeyHash.self)
      if rows.updateValue(row.loadUnaligned(fromByteOffset: 16, as: Int64.self), forKey: key) != nil { Issue.record("row \(key) twice") }
    }
    return rows
  }

  private static func contents(_ table: StateTable) -> [KeyHash: Int64] {
    var rows: [KeyHash: Int64] = [:]
    table.forEach { rows[$0.load(as: KeyHash.self)] = $0.load(fromByteOffset: 16, as: Int64.self) }
    return rows
  }

  /// One random change of the table and its model.
  private static func change(_ table: StateTable, _ model: inout [KeyHash: Int64], keys: Int, _ random: inout SeededRandom) {
    let key = key(random.int(0...keys - 1))
    let value = Int64(bitPattern: random.next())
    switch random.int(0...9) {
    case 0...5:
      var inserted = false
      table.slot(key, inserted: &inserted).storeBytes(of: value, toByteOffset: 16, as: Int64.self)
      if inserted != (model.updateValue(value, forKey: key) == nil) { Issue.record("inserted is \(inserted)") }
    case 6, 7:
      if table.remove(key) != (model.removeValue(forKey: key) != nil) { Issue.record("remove is wrong about a key") }
    case 8:
      guard let row = table.existing(key) else {
        if model[key] != nil { Issue.record("an existing key is not found") }
        return
      }
      row.storeBytes(of: value, toByteOffset: 16, as: Int64.self)
      model[key] = value
    default: if table.find(key)?.load(fromByteOffset: 16, as: Int64.self) != model[key] { Issue.record("find gives another value") }
    }
  }

  @Test("rows restored from a chain of increments are the rows at the barrier", arguments: 0..<18)
  func increments(seed: Int) throws {
    var random = SeededRandom(UInt64(seed))
    let table = StateTable(payload: [8, 12, 40][seed % 3])
    let keys = [3, 500, 6000][seed / 3 % 3]
    var model: [KeyHash: Int64] = [:]
    var parts: [[UInt8]] = []
    for _ in 0..<random.int(5...12) {
      // Often so few that most segments stay as they are, and the increments matter.
      let changes = parts.isEmpty ? keys * 2 : [0, 1, 4, keys * 2][random.int(0...3)]
      for _ in 0..<changes { Self.change(table, &model, keys: keys, &random) }
      if random.chance(0.1) {
        table.updateEach(where: { $0.load(fromByteOffset: 16, as: Int64.self) > 0 }) {
          $0.storeBytes(of: 0, toByteOffset: 16, as: Int64.self)
        }
        model = model.mapValues { max(0, $0) == $0 ? 0 : $0 }
      }
      if random.chance(0.1) {
        table.removeAll { $0.load(fromByteOffset: 16, as: Int64.self) < 0 }
        model = model.filter { $0.value >= 0 }
      }
      let snapshot = table.snapshot()
      let atBarrier = model
      let isFull = snapshot.isFull || random.chance(0.2)
      // Writes before, between and after the pieces of the packing.
      let during = [0, 1, 4, keys / 2][random.int(0...3)]
      for _ in 0..<during { Self.change(table, &model, keys: keys, &random) }
      var part: [UInt8] = []
      try snapshot.encode(full: isFull) { bytes in
        part.append(contentsOf: bytes)
        for _ in 0..<during / 2 { Self.change(table, &model, keys: keys, &random) }
      }
      if isFull { parts = [part] } else if !part.isEmpty { parts.append(part) }
      #expect(try Self.restored(parts, stride: table.stride) == atBarrier, "seed \(seed)")
      snapshot.completed()
      #expect(Self.contents(table) == model && table.count == model.count, "seed \(seed)")
    }
  }

  @Test("a snapshot that is packed on another thread holds the rows of its barrier", arguments: 0..<6)
  func concurrentPacking(seed: Int) async throws {
    var random = SeededRandom(UInt64(seed) &+ 77)
    let table = StateTable(payload: 8)
    var model: [KeyHash: Int64] = [:]
    var parts: [[UInt8]] = []
    for round in 0..<6 {
      let changes = round % 2 == 0 ? 8000 : 3
      for _ in 0..<changes { Self.change(table, &model, keys: 5000, &random) }
      let snapshot = table.snapshot()
      let atBarrier = model
      let packing = Task.detached {
        var part: [UInt8] = []
        try snapshot.encode(full: round == 0) { part.append(contentsOf: $0) }
        return part
      }
      for _ in 0..<changes * 3 { Self.change(table, &model, keys: 5000, &random) }
      let part = try await packing.value
      snapshot.completed()
      parts = round == 0 ? [part] : parts + [part]
      let rows = try Self.restored(parts, stride: table.stride)
      #expect(rows == atBarrier, "seed \(seed), round \(round)")
    }
    #expect(Self.contents(table) == model)
  }

  @Test("a table that did not change adds no part, and one key adds one segment")
  func incrementSize() throws {
    let table = StateTable(payload: 8)
    var inserted = false
    for n in 0..<5000 { _ = table.slot(Self.key(n), inserted: &inserted) }
    func part() throws -> Int {
      let snapshot = table.snapshot()
      var bytes = 0
      try snapshot.encode(full: snapshot.isFull) { bytes += $0.count }
      snapshot.completed()
      return bytes
    }
    let full = try part()
    #expect(full > 5000 * 24)
    #expect(try part() == 0)
    _ = table.slot(Self.key(17), inserted: &inserted)
    let one = try part()
    #expect(one > 24 && one < full / 5)
  }

  @Test("a table can go while its snapshot is still being packed")
  func tableGoesFirst() throws {
    var table: StateTable? = StateTable(payload: 8)
    var inserted = false
    for n in 0..<3000 { table?.slot(Self.key(n), inserted: &inserted).storeBytes(of: Int64(n), toByteOffset: 16, as: Int64.self) }
    let snapshot = try #require(table?.snapshot())
    table = nil
    var part: [UInt8] = []
    try snapshot.encode(full: true) { part.append(contentsOf: $0) }
    #expect(try Self.restored([part], stride: 24).count == 3000)
  }

  @Test("bytes that are not a table of this kind are refused, never read past")
  func damagedParts() throws {
    let table = StateTable(payload: 8)
    var inserted = false
    for n in 0..<600 { _ = table.slot(Self.key(n), inserted: &inserted) }
    var part: [UInt8] = []
    try table.snapshot().encode(full: true) { part.append(contentsOf: $0) }
    #expect(throws: StateFormatError.self) { try TableRestore.forEachRow([part], stride: 32) { _ in } }
    for length in [1, 3, 5, 17, part.count - 1] {
      #expect(throws: StateFormatError.self) { try TableRestore.forEachRow([Array(part.prefix(length))], stride: 24) { _ in } }
    }
  }
}
