internal import CVectors

/// Vectors of one size, one behind the other in memory that grows by doubling. Each row is filled up with zeros to a multiple of 16 numbers.
///
/// One owner: not for several tasks at once.
final class VectorBlock {
  let dimensions: Int
  let stride: Int
  private(set) var count = 0
  private var capacity = 0
  private var base: UnsafeMutablePointer<Float>

  init(dimensions: Int) {
    precondition(dimensions > 0, "vectors of \(dimensions) numbers")
    self.dimensions = dimensions
    stride = (dimensions + 15) / 16 * 16
    base = Self.allocate(0, stride)
  }

  deinit { base.deallocate() }

  private static func allocate(_ rows: Int, _ stride: Int) -> UnsafeMutablePointer<Float> {
    UnsafeMutableRawPointer.allocate(byteCount: max(64, rows * stride * 4), alignment: 64).bindMemory(
      to: Float.self, capacity: max(16, rows * stride))
  }

  /// Adds a vector; answers with its number. O(dimensions), and a copy of everything when the memory doubles.
  func append(_ vector: some Collection<Float>) -> Int {
    precondition(vector.count == dimensions, "a vector of \(vector.count) numbers among those of \(dimensions)")
    if count == capacity { grow() }
    let row = base + count * stride
    row.initialize(repeating: 0, count: stride)
    for (index, value) in vector.enumerated() { row[index] = value }
    count += 1
    return count - 1
  }

  private func grow() {
    let larger = max(64, capacity * 2)
    let grown = Self.allocate(larger, stride)
    grown.update(from: base, count: count * stride)
    base.deallocate()
    (base, capacity) = (grown, larger)
  }

  /// The numbers of a vector, padding included; valid until the next `append`.
  @inline(__always)
  subscript(_ number: Int) -> UnsafePointer<Float> { UnsafePointer(base + number * stride) }

  /// The inner product of two rows of this block's stride: the cosine when both have length 1.
  @inline(__always)
  func product(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>) -> Float { cvectors_product(a, b, stride) }

  /// The inner products of a row with those that the numbers name.
  @inline(__always)
  func products(_ row: UnsafePointer<Float>, _ numbers: UnsafeBufferPointer<Int32>, into results: UnsafeMutablePointer<Float>) {
    cvectors_products_of(row, base, stride, numbers.baseAddress, numbers.count, results)
  }

  /// The inner products of a row with `count` vectors from `first` on.
  func products(_ row: UnsafePointer<Float>, from first: Int, count: Int, into results: UnsafeMutablePointer<Float>) {
    cvectors_products(row, base + first * stride, stride, count, results)
  }

  /// Calls the body with the vector as a row of this block: padded.
  func withRow<Result>(_ vector: [Float], _ body: (UnsafePointer<Float>) -> Result) -> Result {
    precondition(vector.count == dimensions, "a vector of \(vector.count) numbers for an index of \(dimensions)")
    let row = vector + [Float](repeating: 0, count: stride - dimensions)
    // The array is not empty, so it has an address.
    return row.withUnsafeBufferPointer { body($0.baseAddress!) }
  }
}
