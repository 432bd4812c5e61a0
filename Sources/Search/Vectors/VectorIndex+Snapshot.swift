internal import CScan

/// A snapshot of an index is no index that this program can use.
public struct SnapshotError: Error, Equatable, CustomStringConvertible {
  /// What is wrong with the bytes.
  public let description: String

  init(_ description: String) { self.description = description }
}

extension VectorIndex {
  /// "SVX" and the version of the format.
  private static let magic: UInt32 = 0x5356_5801

  /// Everything, the graph included as far as it is built, so that nothing needs to be built again.
  ///
  /// ```
  /// magic │ dimensions │ graphFrom │ count │ vectors │ removed │ graph: lowest layer, upper layers │ CRC-32C of all before
  /// ```
  /// Numbers are 32 bits, little-endian. O(size): about 1.7 kB a vector of 384 numbers.
  public func snapshot() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * (dimensions * 4 + 160) + 64)
    func put(_ value: Int32) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }
    func put(_ values: [Int32]) {
      put(Int32(values.count))
      values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
    put(Int32(bitPattern: Self.magic))
    put(Int32(dimensions))
    put(Int32(clamping: graphFrom))
    put(Int32(count))
    for number in 0..<count { bytes.append(contentsOf: UnsafeRawBufferPointer(start: block[number], count: dimensions * 4)) }
    put(removedNumbers.map { Int32($0) })
    if let graph {
      put(1)
      put(Int32(graph.count))
      put(graph.entry)
      put(Int32(graph.top))
      put(graph.lowest)
      put(Int32(graph.upper.count))
      for (number, rows) in graph.upper.sorted(by: { $0.key < $1.key }) {
        put(number)
        put(rows)
      }
    } else {
      put(0)
    }
    put(Int32(bitPattern: bytes.withUnsafeBytes { cscan_crc32c(0, $0.baseAddress, $0.count) }))
    return bytes
  }

  /// The index of a snapshot.
  ///
  /// - Throws: `SnapshotError` for bytes that are none: cut off, damaged, of another format.
  public convenience init(snapshot bytes: [UInt8]) throws(SnapshotError) {
    var reader = SnapshotReader(bytes)
    guard bytes.count >= 8, try reader.number() == Int32(bitPattern: Self.magic) else {
      throw SnapshotError("these bytes are no index of vectors")
    }
    let sum = bytes.withUnsafeBytes { cscan_crc32c(0, $0.baseAddress, $0.count - 4) }
    guard UInt32(bitPattern: SnapshotReader.last(bytes)) == sum else {
      throw SnapshotError("the index of vectors is damaged: its checksum is wrong")
    }
    let (dimensions, graphFrom, count) = (Int(try reader.number()), Int(try reader.number()), Int(try reader.number()))
    guard (1...65_536).contains(dimensions), graphFrom >= 0, count >= 0 else {
      throw SnapshotError("the index of vectors has no sensible size")
    }
    self.init(dimensions: dimensions, graphFrom: graphFrom)
    for _ in 0..<count { _ = block.append(try reader.floats(dimensions)) }
    let removed = Set(try reader.numbers().map { Int($0) })
    var graph: NeighborGraph?
    if try reader.number() == 1 {
      let (size, entry, top) = (Int(try reader.number()), try reader.number(), Int(try reader.number()))
      let lowest = try reader.numbers()
      var upper: [Int32: [Int32]] = [:]
      for _ in 0..<(try reader.number()) {
        let number = try reader.number()
        upper[number] = try reader.numbers()
      }
      let found = NeighborGraph(lowest: lowest, upper: upper, count: size, entry: entry, top: top)
      guard size <= count, found.isSound else { throw SnapshotError("the graph of the index of vectors is not sound") }
      graph = found
    }
    restore(graph: graph, removed: removed)
  }
}

private struct SnapshotReader {
  private let bytes: [UInt8]
  private var at = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  static func last(_ bytes: [UInt8]) -> Int32 {
    bytes.withUnsafeBytes { Int32(littleEndian: $0.loadUnaligned(fromByteOffset: $0.count - 4, as: Int32.self)) }
  }

  private mutating func take(_ count: Int) throws(SnapshotError) -> Range<Int> {
    guard count >= 0, count <= bytes.count - at else { throw SnapshotError("the index of vectors is cut off") }
    defer { at += count }
    return at..<(at + count)
  }

  mutating func number() throws(SnapshotError) -> Int32 {
    let range = try take(4)
    return bytes.withUnsafeBytes { Int32(littleEndian: $0.loadUnaligned(fromByteOffset: range.lowerBound, as: Int32.self)) }
  }

  mutating func numbers() throws(SnapshotError) -> [Int32] {
    let count = Int(try number())
    let range = try take(count.multipliedReportingOverflow(by: 4).partialValue)
    return bytes.withUnsafeBytes { buffer in
      (0..<count).map { Int32(littleEndian: buffer.loadUnaligned(fromByteOffset: range.lowerBound + $0 * 4, as: Int32.self)) }
    }
  }

  mutating func floats(_ count: Int) throws(SnapshotError) -> [Float] {
    let range = try take(count * 4)
    return bytes.withUnsafeBytes { buffer in
      (0..<count).map { buffer.loadUnaligned(fromByteOffset: range.lowerBound + $0 * 4, as: Float.self) }
    }
  }
}
