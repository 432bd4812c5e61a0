/// A vector that was found, by its number, and the cosine of the angle to what was asked for.
public struct VectorHit: Sendable, Equatable {
  /// The vector's number in the index.
  public let number: Int
  /// From -1 to 1.
  public let similarity: Float

  /// A hit.
  public init(number: Int, similarity: Float) {
    self.number = number
    self.similarity = similarity
  }
}

/// Keeps the best hits of many: a heap of at most `capacity` with the worst on top. The lower number wins among equals.
struct BestHits {
  private var heap: [VectorHit] = []
  private let capacity: Int

  init(_ capacity: Int) {
    self.capacity = capacity
    heap.reserveCapacity(min(capacity, 4096))
  }

  var isFull: Bool { heap.count >= capacity }
  var worst: Float { heap.first?.similarity ?? -.infinity }

  /// Takes the hit if it is good enough. O(log capacity), O(1) when it is not.
  @inline(__always)
  mutating func offer(_ number: Int, _ similarity: Float) {
    if heap.count < capacity {
      heap.append(VectorHit(number: number, similarity: similarity))
      rise()
    } else if let top = heap.first, similarity > top.similarity || similarity == top.similarity && number < top.number {
      heap[0] = VectorHit(number: number, similarity: similarity)
      sink()
    }
  }

  /// Best first.
  func sorted() -> [VectorHit] { heap.sorted { Self.isWorse($1, $0) } }

  private static func isWorse(_ a: VectorHit, _ b: VectorHit) -> Bool {
    a.similarity == b.similarity ? a.number > b.number : a.similarity < b.similarity
  }

  private mutating func rise() {
    var at = heap.count - 1
    while at > 0, Self.isWorse(heap[at], heap[(at - 1) / 2]) {
      heap.swapAt(at, (at - 1) / 2)
      at = (at - 1) / 2
    }
  }

  private mutating func sink() {
    var at = 0
    while true {
      var child = 2 * at + 1
      guard child < heap.count else { return }
      if child + 1 < heap.count, Self.isWorse(heap[child + 1], heap[child]) { child += 1 }
      guard Self.isWorse(heap[child], heap[at]) else { return }
      heap.swapAt(at, child)
      at = child
    }
  }
}
