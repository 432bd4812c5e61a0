/// Vectors in memory and the nearest of them: exact, until a graph (HNSW) is built.
///
/// Building takes far longer than reading vectors does, so it is the owner's to do, a few vectors at a time: `extendGraph`. Questions meanwhile look at
/// every vector, or at every one that the graph has not.
///
/// Vectors are numbered from 0 in the order in which they are added, and never change; what is removed is passed over from then on. Vectors must
/// have length 1 (`VectorCheck.normalized`). One owner: not for several tasks at once.
public final class VectorIndex {
  /// Numbers a vector.
  public let dimensions: Int
  /// From this many vectors on there may be a graph.
  public let graphFrom: Int
  let block: VectorBlock
  private(set) var graph: NeighborGraph?
  private var removed: Set<Int> = []

  /// The size from which the graph is worth its building, which takes a minute at this size: below, looking at every vector takes a few milliseconds
  /// (docs/benchmarks.md).
  public static let usualGraphFrom = 50_000
  /// Candidates that the graph keeps: so many find 99 of the 100 nearest, among 100,000 vectors of a sentence model (docs/benchmarks.md).
  public static let usualEffort = 300

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

  /// Adds a vector of length 1; answers with its number. O(dimensions).
  @discardableResult
  public func add(_ vector: some Collection<Float>) -> Int { block.append(vector) }

  /// How many vectors the graph has.
  public var inGraph: Int { graph?.count ?? 0 }
  /// How many more it should have.
  public var missingInGraph: Int { block.count < graphFrom ? 0 : block.count - inGraph }

  /// Puts the next vectors into the graph, at most so many: about half a millisecond each, at 100,000 vectors.
  ///
  /// The same vectors in the same order give the same graph, in however many steps.
  public func extendGraph(by most: Int = .max) {
    let last = inGraph + min(most, missingInGraph)
    guard inGraph < last else { return }
    if graph == nil { graph = NeighborGraph() }
    while let built = graph?.count, built < last { graph?.insert(built, block) }
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
  public func search(
    _ query: [Float], limit: Int, effort: Int = VectorIndex.usualEffort, where isWanted: ((Int) -> Bool)? = nil
  ) -> [VectorHit] {
    guard limit > 0, block.count > 0 else { return [] }
    // Looking at a few that the graph has not takes less time than the graph.
    guard let graph, block.count - graph.count <= Self.longestTail else { return searchAll(query, limit: limit, where: isWanted) }
    return block.withRow(query) { row in
      var width = max(effort, limit)
      while true {
        let found = graph.search(row, width: width, block)
        let hits = found.filter { !removed.contains($0.number) && isWanted?($0.number) != false }
        if hits.count >= limit || found.count >= graph.count {
          guard graph.count < block.count else { return Array(hits.prefix(limit)) }
          var best = BestHits(limit)
          for hit in hits.prefix(limit) { best.offer(hit.number, hit.similarity) }
          look(row, at: graph.count..<block.count, for: &best, where: isWanted)
          return best.sorted()
        }
        if width >= graph.count / 8 { return searchAll(row, limit: limit, where: isWanted) }
        width *= 4
      }
    }
  }

  /// Vectors that the graph has not, at most, for it to be asked.
  private static let longestTail = 10_000

  /// The nearest vectors, every one looked at: exact. O(vectors).
  public func searchAll(_ query: [Float], limit: Int, where isWanted: ((Int) -> Bool)? = nil) -> [VectorHit] {
    block.withRow(query) { searchAll($0, limit: limit, where: isWanted) }
  }

  private func searchAll(_ row: UnsafePointer<Float>, limit: Int, where isWanted: ((Int) -> Bool)?) -> [VectorHit] {
    var best = BestHits(max(1, limit))
    look(row, at: 0..<block.count, for: &best, where: isWanted)
    return best.sorted()
  }

  private func look(_ row: UnsafePointer<Float>, at numbers: Range<Int>, for best: inout BestHits, where isWanted: ((Int) -> Bool)?) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.stretch) { similarities in
      for first in stride(from: numbers.lowerBound, to: numbers.upperBound, by: Self.stretch) {
        let count = min(Self.stretch, numbers.upperBound - first)
        // The capacity is not zero, so there is an address.
        block.products(row, from: first, count: count, into: similarities.baseAddress!)
        for index in 0..<count {
          let (number, similarity) = (first + index, similarities[index])
          if best.isFull, similarity <= best.worst { continue }
          if removed.contains(number) || isWanted?(number) == false { continue }
          best.offer(number, similarity)
        }
      }
    }
  }

  /// Vectors that are multiplied before the best of them are picked.
  private static let stretch = 256

  /// Puts back what `snapshot` wrote of the graph.
  func restore(graph: NeighborGraph?, removed: Set<Int>) {
    self.graph = graph
    self.removed = removed
  }

  var removedNumbers: [Int] { removed.sorted() }
}
