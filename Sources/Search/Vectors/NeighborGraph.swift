/// A graph in which near vectors are neighbours, in layers that thin out upwards: HNSW (Malkov, Yashunin: "Efficient and robust approximate nearest
/// neighbor search using Hierarchical Navigable Small World graphs", 2016; neighbours chosen by its heuristic, algorithm 4).
///
/// The same vectors in the same order give the same graph: a vector's layer comes from its number.
struct NeighborGraph {
  /// Neighbours in the upper layers; twice as many in the lowest.
  static let links = 16
  /// Candidates that are kept while a vector is put in.
  static let buildWidth = 200
  /// Layer of a vector: geometric with factor 1/links; 100,000 vectors have about five.
  static let maxLayer = 12

  /// Layer 0: rows of 1 + 2 * links numbers: how many, and which.
  private(set) var lowest: [Int32] = []
  /// Layers 1 and up of the vectors that have them: one row of 1 + links a layer.
  private(set) var upper: [Int32: [Int32]] = [:]
  private(set) var count = 0
  private(set) var entry: Int32 = -1
  private(set) var top = 0

  private static let lowestStride = 1 + 2 * links
  private static let upperStride = 1 + links

  init() {}

  init(lowest: [Int32], upper: [Int32: [Int32]], count: Int, entry: Int32, top: Int) {
    (self.lowest, self.upper, self.count, self.entry, self.top) = (lowest, upper, count, entry, top)
  }

  /// Whether every number is that of a vector, and every row has its size: what a snapshot must be.
  var isSound: Bool {
    guard count >= 0, lowest.count == count * Self.lowestStride, top >= 0, top <= Self.maxLayer else { return false }
    if count == 0 { return entry == -1 && upper.isEmpty }
    guard (0..<Int32(count)).contains(entry), Self.layer(of: Int(entry)) == top else { return false }
    func isRow(_ row: ArraySlice<Int32>) -> Bool {
      guard let size = row.first, size >= 0, Int(size) < row.count else { return false }
      return row.dropFirst().prefix(Int(size)).allSatisfy { (0..<Int32(count)).contains($0) }
    }
    for number in 0..<count where !isRow(lowest[(number * Self.lowestStride)..<((number + 1) * Self.lowestStride)]) { return false }
    for number in 0..<count {
      let layers = Self.layer(of: number)
      guard layers > 0 else { continue }
      guard let rows = upper[Int32(number)], rows.count == layers * Self.upperStride else { return false }
      for layer in 0..<layers {
        let row = rows[(layer * Self.upperStride)..<((layer + 1) * Self.upperStride)]
        guard isRow(row), row.dropFirst().prefix(Int(row.first ?? 0)).allSatisfy({ Self.layer(of: Int($0)) > layer }) else { return false }
      }
    }
    return true
  }

  /// The highest layer of a vector: splitmix64 of its number stands for chance.
  static func layer(of number: Int) -> Int {
    var bits = UInt64(number) &+ 0x9e37_79b9_7f4a_7c15
    bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
    bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
    bits ^= bits >> 31
    // One in 16 goes up a layer.
    return min(maxLayer, bits.trailingZeroBitCount / 4)
  }

  // MARK: Building

  /// Puts the next vector in: numbers come in order.
  mutating func insert(_ number: Int, _ block: VectorBlock) {
    precondition(number == count, "vector \(number) comes after \(count - 1)")
    let layer = Self.layer(of: number)
    lowest.append(contentsOf: repeatElement(0, count: Self.lowestStride))
    if layer > 0 { upper[Int32(number)] = [Int32](repeating: 0, count: layer * Self.upperStride) }
    count += 1
    guard entry >= 0 else {
      (entry, top) = (Int32(number), layer)
      return
    }
    let row = block[number]
    var nearest = VectorHit(number: Int(entry), similarity: block.product(row, block[Int(entry)]))
    for above in stride(from: top, to: layer, by: -1) { nearest = climb(row, nearest, layer: above, block) }
    for each in stride(from: min(layer, top), through: 0, by: -1) {
      let found = candidates(row, from: nearest, width: Self.buildWidth, layer: each, block)
      let chosen = diverse(found, Self.links, block)
      setNeighbors(chosen.map { Int32($0.number) }, of: number, layer: each)
      for hit in chosen { link(hit.number, to: number, hit.similarity, layer: each, block) }
      if let best = found.first { nearest = best }
    }
    if layer > top { (entry, top) = (Int32(number), layer) }
  }

  /// Adds a neighbour; when there is no room the diverse ones stay.
  private mutating func link(_ number: Int, to other: Int, _ similarity: Float, layer: Int, _ block: VectorBlock) {
    var present = neighbors(of: number, layer: layer)
    let limit = layer == 0 ? 2 * Self.links : Self.links
    if present.count < limit {
      present.append(Int32(other))
    } else {
      let row = block[number]
      var all = present.map { VectorHit(number: Int($0), similarity: block.product(row, block[Int($0)])) }
      all.append(VectorHit(number: other, similarity: similarity))
      all.sort { $0.similarity > $1.similarity }
      present = diverse(all, limit, block).map { Int32($0.number) }
    }
    setNeighbors(present, of: number, layer: layer)
  }

  /// The nearest that are nearer to the vector than to one another, then the nearest of the rest.
  private func diverse(_ found: [VectorHit], _ limit: Int, _ block: VectorBlock) -> [VectorHit] {
    var chosen: [VectorHit] = []
    var passed: [VectorHit] = []
    for hit in found where chosen.count < limit {
      let row = block[hit.number]
      if chosen.allSatisfy({ block.product(row, block[$0.number]) < hit.similarity }) { chosen.append(hit) } else { passed.append(hit) }
    }
    return chosen + passed.prefix(limit - chosen.count)
  }

  // MARK: Searching

  /// About the `width` nearest vectors, best first.
  func search(_ row: UnsafePointer<Float>, width: Int, _ block: VectorBlock) -> [VectorHit] {
    guard entry >= 0 else { return [] }
    var nearest = VectorHit(number: Int(entry), similarity: block.product(row, block[Int(entry)]))
    for layer in stride(from: top, to: 0, by: -1) { nearest = climb(row, nearest, layer: layer, block) }
    return candidates(row, from: nearest, width: width, layer: 0, block)
  }

  /// Goes from neighbour to nearer neighbour until none is nearer.
  private func climb(_ row: UnsafePointer<Float>, _ start: VectorHit, layer: Int, _ block: VectorBlock) -> VectorHit {
    var best = start
    while true {
      var next = best
      forEachNeighbor(of: best.number, layer: layer) { other in
        let similarity = block.product(row, block[other])
        if similarity > next.similarity { next = VectorHit(number: other, similarity: similarity) }
      }
      if next.number == best.number { return best }
      best = next
    }
  }

  private func candidates(
    _ row: UnsafePointer<Float>, from start: VectorHit, width: Int, layer: Int, _ block: VectorBlock
  ) -> [VectorHit] {
    var seen = BitSet(count)
    seen.insert(start.number)
    var best = BestHits(width)
    best.offer(start.number, start.similarity)
    var open = OpenHits()
    open.push(start)
    // The new neighbours of one vector, so that memory is asked for them together.
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: 2 * Self.links) { fresh in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * Self.links) { similarities in
        while let next = open.pop() {
          if best.isFull, next.similarity < best.worst { break }
          var count = 0
          forEachNeighbor(of: next.number, layer: layer) { other in
            guard seen.insert(other) else { return }
            fresh[count] = Int32(other)
            count += 1
          }
          // The capacity is not zero, so there is an address.
          block.products(row, UnsafeBufferPointer(rebasing: fresh[..<count]), into: similarities.baseAddress!)
          for index in 0..<count {
            let (other, similarity) = (Int(fresh[index]), similarities[index])
            if best.isFull, similarity <= best.worst { continue }
            best.offer(other, similarity)
            open.push(VectorHit(number: other, similarity: similarity))
          }
        }
      }
    }
    return best.sorted()
  }

  // MARK: Rows

  private func neighbors(of number: Int, layer: Int) -> [Int32] {
    var result: [Int32] = []
    forEachNeighbor(of: number, layer: layer) { result.append(Int32($0)) }
    return result
  }

  @inline(__always)
  private func forEachNeighbor(of number: Int, layer: Int, _ body: (Int) -> Void) {
    if layer == 0 {
      lowest.withUnsafeBufferPointer { links in
        let start = number * Self.lowestStride
        for index in 0..<Int(links[start]) { body(Int(links[start + 1 + index])) }
      }
    } else if let rows = upper[Int32(number)] {
      let start = (layer - 1) * Self.upperStride
      for index in 0..<Int(rows[start]) { body(Int(rows[start + 1 + index])) }
    }
  }

  private mutating func setNeighbors(_ neighbors: [Int32], of number: Int, layer: Int) {
    if layer == 0 {
      let start = number * Self.lowestStride
      lowest[start] = Int32(neighbors.count)
      for (index, neighbor) in neighbors.enumerated() { lowest[start + 1 + index] = neighbor }
    } else {
      let start = (layer - 1) * Self.upperStride
      upper[Int32(number)]?[start] = Int32(neighbors.count)
      for (index, neighbor) in neighbors.enumerated() { upper[Int32(number)]?[start + 1 + index] = neighbor }
    }
  }
}

/// Which numbers were seen: one bit each.
private struct BitSet {
  private var words: [UInt64]

  init(_ count: Int) { words = [UInt64](repeating: 0, count: count / 64 + 1) }

  /// Answers whether the number is new.
  @inline(__always)
  @discardableResult
  mutating func insert(_ number: Int) -> Bool {
    let (word, bit) = (number >> 6, UInt64(1) << UInt64(number & 63))
    if words[word] & bit != 0 { return false }
    words[word] |= bit
    return true
  }
}

/// What is still to be looked at: a heap with the best on top.
private struct OpenHits {
  private var heap: [VectorHit] = []

  mutating func push(_ hit: VectorHit) {
    heap.append(hit)
    var at = heap.count - 1
    while at > 0, heap[(at - 1) / 2].similarity < heap[at].similarity {
      heap.swapAt(at, (at - 1) / 2)
      at = (at - 1) / 2
    }
  }

  mutating func pop() -> VectorHit? {
    guard let top = heap.first, let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return top }
    heap[0] = last
    var at = 0
    while true {
      var child = 2 * at + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1].similarity > heap[child].similarity { child += 1 }
      guard heap[child].similarity > heap[at].similarity else { break }
      heap.swapAt(at, child)
      at = child
    }
    return top
  }
}
