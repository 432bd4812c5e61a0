import Dataflow
import Glibc
import Operators

/// A small generator whose numbers follow from its seed.
struct FormatsRandom: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state &* 0x2545_F491_4F6C_DD1D
  }
}

/// Memory whose last byte is followed by a page that may not be touched: reading behind the text ends the process.
final class GuardedMemory {
  private let base: UnsafeMutableRawPointer
  private let pages: Int
  private static let page = 4096

  init(_ bytes: [UInt8]) {
    pages = bytes.count / Self.page + 1
    base = mmap(nil, (pages + 1) * Self.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    precondition(base != MAP_FAILED)
    mprotect(base + pages * Self.page, Self.page, PROT_NONE)
    count = bytes.count
    text.copyBytes(from: bytes)
  }

  private let count: Int

  private var text: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base + pages * Self.page - count, count: count)
  }

  var buffer: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(text.bindMemory(to: UInt8.self)) }

  deinit { munmap(base, (pages + 1) * Self.page) }
}

/// A value that a scanner wrote.
enum Scanned: Equatable {
  case null
  case bytes([UInt8])
  case int(Int64)
  case double(Double)
  case bool(Bool)

  static func text(_ text: String) -> Scanned { .bytes(Array(text.utf8)) }
}

/// A scanner with a batch to write to; answers with values.
final class Scan {
  let scanner: JSONScanner
  let schema: Schema
  let batch: RecordBatch

  init(_ fields: [JSONField]) {
    scanner = JSONScanner(JSONProjection(fields))
    schema = Schema(fields.enumerated().map { ("f\($0)", $1.type.columnType) })
    batch = RecordBatch(schema: schema)
    scanner.bind(batch, schema.fields)
  }

  convenience init(_ fields: [(String, JSONFieldType)]) {
    self.init(fields.map { JSONField(path: JSONProjection.path($0.0) ?? [], type: $0.1) })
  }

  /// Scans text that nothing may be read behind, then the same text with padding; both must say the same.
  func callAsFunction(_ bytes: [UInt8]) -> (outcome: JSONScanner.Outcome, values: [Scanned]) {
    let guarded = GuardedMemory(bytes)
    let tight = scanner.scan(guarded.buffer, row: 0, of: batch, isPadded: false)
    let tightValues = tight == .record ? values(0) : []
    let padded = bytes + Array("\",}]0x\\\"123456789".utf8) + [UInt8](repeating: 0x22, count: 64)
    return padded.withUnsafeBufferPointer { buffer in
      let text = UnsafeBufferPointer(rebasing: buffer[..<bytes.count])
      let loose = scanner.scan(text, row: 1, of: batch, isPadded: true)
      let looseValues = loose == .record ? values(1) : []
      precondition(tight == loose && tightValues == looseValues, "padding must not change the answer: \(tight), \(loose)")
      return (loose, looseValues)
    }
  }

  func callAsFunction(_ text: String) -> (outcome: JSONScanner.Outcome, values: [Scanned]) { self(Array(text.utf8)) }

  private func values(_ row: Int) -> [Scanned] {
    schema.fields.map { field in
      if batch.isNull(field, row) { return .null }
      return switch field.type {
      case .int64, .time: .int(batch.int64s(field)[row])
      case .double: .double(batch.doubles(field)[row])
      case .bool: .bool(batch.bools(field)[row])
      default: .bytes(Array(batch.bytes(field)[row].buffer))
      }
    }
  }
}
