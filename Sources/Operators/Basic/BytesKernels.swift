internal import Dataflow
internal import Glibc

/// Bytes that a kernel compares with; never empty memory, so that the C functions get a real address.
final class ConstantBytes {
  let base: UnsafeMutablePointer<UInt8>
  let count: Int

  init(_ bytes: [UInt8]) {
    count = bytes.count
    base = .allocate(capacity: bytes.count + 1)
    for (i, byte) in bytes.enumerated() { base[i] = byte }
    base[count] = 0
  }
  deinit { base.deallocate() }

  /// Less than, equal to or greater than zero, as the view sorts before, with or after the constant, byte by byte.
  @inline(__always)
  func order(of view: ByteView) -> Int {
    guard let bytes = view.base else { return -1 }
    let difference = Int(memcmp(bytes, base, min(view.count, count)))
    return difference != 0 ? difference : view.count - count
  }
}

/// Keeps the rows whose text is one of the constants: binary search by length, then bytes.
final class BytesOneOfKernel: PredicateKernel {
  private let field: Field
  private let constants: [ConstantBytes]

  init(_ field: Field, _ values: [[UInt8]]) {
    self.field = field
    let sorted = Set(values).sorted { a, b in a.count != b.count ? a.count < b.count : a.lexicographicallyPrecedes(b) }
    constants = sorted.map(ConstantBytes.init)
  }

  override func keep(_ batch: RecordBatch, _ rows: UnsafeMutablePointer<UInt16>, _ count: Int) -> Int {
    let views = batch.bytes(field)
    return constants.withUnsafeBufferPointer { constants in
      compact(rows, count) { Self.contains(constants, views[$0]) }
    }
  }

  @inline(__always)
  private static func contains(_ sorted: UnsafeBufferPointer<ConstantBytes>, _ view: ByteView) -> Bool {
    guard let bytes = view.base else { return false }
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      let constant = sorted[middle]
      let difference = view.count != constant.count ? view.count - constant.count : Int(memcmp(bytes, constant.base, view.count))
      if difference == 0 { return true }
      if difference > 0 { low = middle + 1 } else { high = middle }
    }
    return false
  }
}

final class BytesOrderKernel: PredicateKernel {
  private let field: Field
  private let bound: ConstantBytes
  private let keepsGreater: Bool

  init(_ field: Field, _ bound: [UInt8], keepsGreater: Bool) {
    self.field = field
    self.bound = ConstantBytes(bound)
    self.keepsGreater = keepsGreater
  }

  override func keep(_ batch: RecordBatch, _ rows: UnsafeMutablePointer<UInt16>, _ count: Int) -> Int {
    let (views, bound) = (batch.bytes(field), bound)
    return keepsGreater
      ? compact(rows, count) { !views[$0].isNull && bound.order(of: views[$0]) >= 0 }
      : compact(rows, count) { !views[$0].isNull && bound.order(of: views[$0]) <= 0 }
  }
}

final class BytesPrefixKernel: PredicateKernel {
  private let field: Field
  private let prefix: ConstantBytes

  init(_ field: Field, _ prefix: [UInt8]) {
    self.field = field
    self.prefix = ConstantBytes(prefix)
  }

  override func keep(_ batch: RecordBatch, _ rows: UnsafeMutablePointer<UInt16>, _ count: Int) -> Int {
    let (views, prefix) = (batch.bytes(field), prefix)
    return compact(rows, count) { row in
      guard let bytes = views[row].base, views[row].count >= prefix.count else { return false }
      return memcmp(bytes, prefix.base, prefix.count) == 0
    }
  }
}

final class BytesContainsKernel: PredicateKernel {
  private let field: Field
  private let part: ConstantBytes

  init(_ field: Field, _ part: [UInt8]) {
    self.field = field
    self.part = ConstantBytes(part)
  }

  override func keep(_ batch: RecordBatch, _ rows: UnsafeMutablePointer<UInt16>, _ count: Int) -> Int {
    let (views, part) = (batch.bytes(field), part)
    return compact(rows, count) { row in
      guard let bytes = views[row].base else { return false }
      return Self.find(part, bytes, views[row].count)
    }
  }

  /// Looks for the first byte with `memchr`, then compares. O(text · part) at worst; parts come from the job file and are short.
  private static func find(_ part: ConstantBytes, _ text: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    guard part.count > 0 else { return true }
    var start = text
    var left = count
    while left >= part.count, let hit = memchr(start, Int32(part.base[0]), left - part.count + 1) {
      let found = UnsafePointer(hit.assumingMemoryBound(to: UInt8.self))
      if memcmp(found, part.base, part.count) == 0 { return true }
      left -= found + 1 - start
      start = found + 1
    }
    return false
  }
}
