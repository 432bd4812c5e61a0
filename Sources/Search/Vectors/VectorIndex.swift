/// Vectors in memory and the nearest of them: exact below a size, by a graph (HNSW) above it.
///
/// Vectors are numbered from 0 in the order in which they are added, and never change; what is removed is passed over from then on. Vectors must
/// have length 1 (`VectorCheck.normalized`). One owner: not for several tasks at once.
public final class VectorIndex {
  /// Numbers a vector.
  public let dimensions: Int
  /// From this many vectors on the graph answers.
  public let graphFrom: Int
  let block: VectorBlock
  private(set) var graph: NeighborGraph?
  private var removed: Set<Int> = []

  /// The size from which the graph is worth its building, which takes a minute at this size: below, looking at every vector takes a few milliseconds
  /// (docs/benchmarks.md).
  public static let usualGraphFrom = 50_000

  /// An empty index.
  public init(dimensions: Int, graphFrom: Int = VectorIndex.usualGraphFrom) {
    self.dimensions = dimensions
    self.graphFrom = graphFrom
    block = VectorBlock(dimensions: dimensions)
  }

  /// Vectors that were added, the removed ones included.
  public var count: Int { block.count }
  /// Vectors that can be found.
  public var liveCount: Int { block.count - removed.count }

  /// Adds a vector of length 1; answers with its number.
  ///
  /// - Complexity: O(dimensions) below `graphFrom`; above, a search of the graph.
  @discardableResult
  public func add(_ vector: some Collection<Float>) -> Int {
    let number = block.append(vector)
    if block.count >= graphFrom {
      if graph == nil { graph = NeighborGraph() }
      while let built = graph?.count, built < block.count { graph?.insert(built, block) }
    }
    return number
  }

  /// Passes the vector over from now on.
  public func remove(_ number: Int) { if number < block.count { removed.insert(number) } }

  /// The similarity of one vector.
  public func similarity(_ query: [Float], _ number: Int) -> Float {
    block.withRow(query) { block.product($0, block[number]) }
  }

  /// The numbers of one vector.
  public func vector(_ number: Int) -> [Float] { Array(UnsafeBufferPointer(start: block[number], count: dimensions)) }

  /// The nearest vectors, best first.
  ///
  /// - Parameters:
  ///   - query: of length 1.
  ///   - limit: how many at most.
  ///   - effort: how many candidates the graph keeps; more finds more of the nearest and takes longer.
  ///   - isWanted: which numbers may be found. The graph is asked for more until enough are; when few are wanted every vector is looked at.
  public func search(_ query: [Float], limit: Int, effort: Int = 150, where isWanted: ((Int) -> Bool)? = nil) -> [VectorHit] {
    guard limit > 0, block.count > 0 else { return [] }
    guard let graph else { return searchAll(query, limit: limit, where: isWanted) }
    return block.withRow(query) { row in
      var width = max(effort, limit)
      while true {
        let found = graph.search(row, width: width, block)
        let hits = found.filter { !removed.contains($0.number) && isWanted?($0.number) != false }
        if hits.count >= limit || found.count >= block.count { return Array(hits.prefix(limit)) }
        if width >= block.count / 8 { return searchAll(row, limit: limit, where: isWanted) }
        width *= 4
      }
    }
  }

  /// The nearest vectors, every one looked at: exact. O(vectors).
  public func searchAll(_ query: [Float], limit: Int, where isWanted: ((Int) -> Bool)? = nil) -> [VectorHit] {
    block.withRow(query) { searchAll($0, limit: limit, where: isWanted) }
  }

  private func searchAll(_ row: UnsafePointer<Float>, limit: Int, where isWanted: ((Int) -> Bool)?) -> [VectorHit] {
    var best = BestHits(max(1, limit))
    for number in 0..<block.count {
      let similarity = block.product(row, block[number])
      if best.isFull, similarity <= best.worst { continue }
      if removed.contains(number) || isWanted?(number) == false { continue }
      best.offer(number, similarity)
    }
    return best.sorted()
  }

  /// Puts back what `snapshot` wrote of the graph.
  func restore(graph: NeighborGraph?, removed: Set<Int>) {
    self.graph = graph
    self.removed = removed
  }

  var removedNumbers: [Int] { removed.sorted() }
}
