internal import Dataflow

/// Writes fields of binary COPY tuples into memory that the caller has measured. Nothing here checks for room.
struct Tuples {
  let base: UnsafeMutableRawPointer
  /// Where the next byte goes.
  var at: Int

  @inline(__always)
  private mutating func store<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value) {
    base.storeBytes(of: value.bigEndian, toByteOffset: at, as: Value.self)
    at += MemoryLayout<Value>.size
  }

  /// The number of fields, before a row's first.
  @inline(__always)
  mutating func put(_ fields: Int16) { store(fields) }

  @inline(__always)
  mutating func putNull() { store(Int32(-1)) }

  @inline(__always)
  mutating func put(one byte: UInt8) {
    store(Int32(1))
    store(byte)
  }

  @inline(__always)
  mutating func put(eight value: UInt64) {
    store(Int32(8))
    store(value)
  }

  @inline(__always)
  mutating func put(_ bytes: UnsafeBufferPointer<UInt8>) {
    store(Int32(truncatingIfNeeded: bytes.count))
    if let source = bytes.baseAddress, bytes.count > 0 { (base + at).copyMemory(from: source, byteCount: bytes.count) }
    at += bytes.count
  }

  /// Text with what PostgreSQL cannot store replaced.
  mutating func put(repairing bytes: UnsafePointer<UInt8>, _ count: Int) {
    let length = StorableText.repair(bytes, count, into: (base + at + 4).assumingMemoryBound(to: UInt8.self))
    store(Int32(truncatingIfNeeded: length))
    at += length
  }

  /// A `real[]` of one dimension: int32 dimensions, has-nulls flag, element type, then size and lower bound, then each element with its length.
  mutating func put(floats view: ByteView) {
    guard let source = view.base else { return putNull() }
    let realType: Int32 = 700  // pg_type's fixed number for float4
    let count = view.count / 4
    store(Int32(count == 0 ? 12 : 20 + 8 * count))
    store(Int32(count == 0 ? 0 : 1))
    store(Int32(0))
    store(realType)
    if count == 0 { return }
    store(Int32(count))
    store(Int32(1))
    for i in 0..<count {
      store(Int32(4))
      store(UnsafeRawPointer(source).loadUnaligned(fromByteOffset: i * 4, as: UInt32.self))
    }
  }
}

/// PostgreSQL's time: microseconds since 2000-01-01 UTC.
package enum PostgresTime {
  /// Nanoseconds since 1970 to PostgreSQL's microseconds, rounded down. Every Int64 is in PostgreSQL's range.
  @inline(__always)
  package static func micros(_ nanoseconds: Int64) -> Int64 {
    let micros = nanoseconds >= 0 ? nanoseconds / 1_000 : (nanoseconds + 1) / 1_000 - 1
    return micros - 946_684_800_000_000
  }

  /// `YYYY-MM-DD` and `YYYYMMDD` of a day, counted from 1970-01-01. For years 1 to 9999.
  package static func date(day: Int) -> (dashed: String, plain: String) {
    // Days to civil date, counting years from March so that the leap day is the last (Howard Hinnant's days algorithm, public domain).
    let z = day + 719_468
    let era = (z >= 0 ? z : z - 146_096) / 146_097
    let dayOfEra = z - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let dayOfMonth = dayOfYear - (153 * shifted + 2) / 5 + 1
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    func padded(_ value: Int, _ width: Int) -> String {
      let digits = String(value)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    let parts = [padded(year, 4), padded(month, 2), padded(dayOfMonth, 2)]
    return (parts.joined(separator: "-"), parts.joined())
  }
}
