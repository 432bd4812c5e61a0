import CVectors
import Search
import Testing

@Suite("the index of vectors")
struct VectorIndexTests {
  /// Unit vectors around a few centres, as templates are.
  private func vectors(_ count: Int, _ dimensions: Int, seed: UInt64, centres: Int = 40) -> [[Float]] {
    var random = Generator(state: seed)
    let middles = (0..<centres).map { _ in (0..<dimensions).map { _ in random.normal() } }
    return (0..<count).compactMap { _ in
      let middle = middles[Int(random.next() % UInt64(centres))]
      return VectorCheck.normalized(middle.map { $0 + 0.6 * random.normal() })
    }
  }

  private struct Generator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33
    }
    /// About normal: the sum of uniform numbers.
    mutating func normal() -> Float { (0..<6).reduce(Float(0)) { sum, _ in sum + Float(next() % 10_000) / 10_000 - 0.5 } }
  }

  private func naive(_ query: [Float], _ vectors: [[Float]], _ limit: Int, where isWanted: (Int) -> Bool = { _ in true }) -> [Int] {
    vectors.indices.filter(isWanted).map { ($0, zip(query, vectors[$0]).reduce(Float(0)) { $0 + $1.0 * $1.1 }) }
      .sorted { ($1.1, $0.0) < ($0.1, $1.0) }.prefix(limit).map(\.0)
  }

  @Test("below the size of the graph the nearest are exactly the nearest", arguments: [1, 3, 16, 17, 100])
  func exact(dimensions: Int) {
    let all = vectors(500, dimensions, seed: 3)
    let index = VectorIndex(dimensions: dimensions)
    for vector in all { index.add(vector) }
    for query in all.prefix(20) {
      let hits = index.search(query, limit: 10)
      // Equal vectors of few dimensions may differ in the last bit of their product.
      let expected = naive(query, all, 10)
      for (hit, number) in zip(hits, expected) { #expect(abs(hit.similarity - index.similarity(query, number)) < 1e-5) }
      #expect(hits.count == 10 && (dimensions < 16 || hits.map(\.number) == expected))
    }
  }

  @Test("the graph finds nearly all of the nearest")
  func recall() {
    let all = vectors(3100, 48, seed: 5)
    let queries = all.suffix(100)
    let index = VectorIndex(dimensions: 48, graphFrom: 100)
    for vector in all.prefix(3000) { index.add(vector) }
    index.extendGraph()
    var found = 0
    for query in queries {
      let exact = Set(index.searchAll(query, limit: 10).map(\.number))
      found += index.search(query, limit: 10).count { exact.contains($0.number) }
    }
    #expect(Double(found) / Double(queries.count * 10) > 0.97)
  }

  @Test("what is removed or not wanted is never found, with and without the graph", arguments: [10, 100_000])
  func filters(graphFrom: Int) {
    let all = vectors(600, 32, seed: 9)
    let index = VectorIndex(dimensions: 32, graphFrom: graphFrom)
    for vector in all { index.add(vector) }
    index.extendGraph()
    for number in stride(from: 0, to: 600, by: 2) { index.remove(number) }
    #expect(index.liveCount == 300)
    let hits = index.search(all[0], limit: 20) { $0 % 3 == 0 }
    #expect(hits.count == 20 && hits.allSatisfy { $0.number % 6 == 3 })
    // Very few are wanted: all of them are found all the same.
    #expect(Set(index.search(all[5], limit: 10) { [7, 301, 599, 4].contains($0) }.map(\.number)) == [7, 301, 599])
  }

  @Test("a graph that is built in steps, while vectors come and questions are asked, is the same")
  func steps() {
    let all = vectors(900, 32, seed: 21)
    let (whole, stepwise) = (VectorIndex(dimensions: 32, graphFrom: 300), VectorIndex(dimensions: 32, graphFrom: 300))
    for vector in all { whole.add(vector) }
    #expect(whole.inGraph == 0 && whole.missingInGraph == 900)
    whole.extendGraph()
    for (number, vector) in all.enumerated() {
      stepwise.add(vector)
      #expect(stepwise.missingInGraph == (number < 299 ? 0 : stepwise.count - stepwise.inGraph))
      if number % 7 == 0 { stepwise.extendGraph(by: 5) }
      if number % 100 == 99 {
        // A vector is found from the moment at which it was added.
        #expect(stepwise.search(vector, limit: 1).first?.number == number)
        #expect(stepwise.search(all[0], limit: 1).first?.number == 0)
      }
    }
    stepwise.extendGraph(by: 1000)
    #expect(stepwise.missingInGraph == 0 && stepwise.snapshot() == whole.snapshot())
  }

  @Test("with a part in the graph the nearest of all are found, and nothing twice")
  func partly() {
    let all = vectors(1050, 32, seed: 23)
    let index = VectorIndex(dimensions: 32, graphFrom: 1)
    for vector in all.prefix(1000) { index.add(vector) }
    for part in [1, 400, 300] {
      index.extendGraph(by: part)
      for query in all.suffix(50) {
        let hits = index.search(query, limit: 10)
        let exact = index.searchAll(query, limit: 10)
        #expect(Set(hits.map(\.number)).count == 10 && hits.first == exact.first)
        #expect(hits == hits.sorted { ($1.similarity, $0.number) < ($0.similarity, $1.number) })
      }
    }
  }

  @Test("products are the same with special instructions and without, to what rounding allows", arguments: [16, 32, 48, 80, 384, 400])
  func products(stride: Int) {
    var random = Generator(state: 5)
    let rows = (0..<9).map { _ in (0..<stride).map { _ in random.normal() } }
    let flat = rows.flatMap(\.self)
    let numbers: [Int32] = [3, 0, 8, 8, 5]
    var (all, named) = ([Float](repeating: 0, count: 9), [Float](repeating: 0, count: 5))
    cvectors_products(rows[2], flat, stride, 9, &all)
    cvectors_products_of(rows[2], flat, stride, numbers, 5, &named)
    cvectors_products_of(rows[2], flat, stride, numbers, 0, &named)
    for (number, row) in rows.enumerated() {
      let exact = zip(rows[2], row).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      #expect(abs(Double(all[number]) - exact) < 1e-3 && abs(Double(cvectors_product_portable(rows[2], row, stride)) - exact) < 1e-3)
      #expect(all[number] == cvectors_product(rows[2], row, stride))
    }
    #expect(named == numbers.map { all[Int($0)] })
  }

  @Test("an empty index, no limit and one vector are no accident")
  func edges() {
    let index = VectorIndex(dimensions: 4)
    #expect(index.search([1, 0, 0, 0], limit: 10).isEmpty)
    index.add([1, 0, 0, 0])
    #expect(index.search([1, 0, 0, 0], limit: 0).isEmpty)
    #expect(index.search([1, 0, 0, 0], limit: 10) == [VectorHit(number: 0, similarity: 1)])
  }

  @Test("a snapshot restores the index, its graph and what was removed; more can be added", arguments: [50, 100_000])
  func snapshot(graphFrom: Int) throws {
    let all = vectors(800, 24, seed: 11)
    let index = VectorIndex(dimensions: 24, graphFrom: graphFrom)
    for vector in all.prefix(700) { index.add(vector) }
    // The last ones are not in the graph.
    index.extendGraph(by: 680)
    index.remove(3)
    let restored = try VectorIndex(snapshot: index.snapshot())
    #expect(restored.snapshot() == index.snapshot())
    for vector in all.dropFirst(700) {
      index.add(vector)
      restored.add(vector)
    }
    for query in all.prefix(30) { #expect(restored.search(query, limit: 5) == index.search(query, limit: 5)) }
  }

  @Test("a snapshot that is cut off or damaged is refused, whatever the place")
  func damage() {
    let index = VectorIndex(dimensions: 8, graphFrom: 10)
    for vector in vectors(40, 8, seed: 13) { index.add(vector) }
    index.extendGraph()
    let whole = index.snapshot()
    for count in stride(from: 0, to: whole.count, by: 37) {
      #expect(throws: SnapshotError.self) { try VectorIndex(snapshot: Array(whole.prefix(count))) }
    }
    for place in stride(from: 0, to: whole.count, by: 53) {
      var bytes = whole
      bytes[place] ^= 0x40
      #expect(throws: SnapshotError.self) { try VectorIndex(snapshot: bytes) }
    }
  }

  @Test("vectors that have no direction are told")
  func check() {
    #expect(VectorCheck.normalized([3, 4]) == [0.6, 0.8])
    for vector: [Float] in [[], [0, 0], [.nan, 1], [.infinity, 1]] {
      #expect(VectorCheck.normalized(vector) == nil)
    }
  }
}
