internal import Dataflow
internal import Glibc

/// JSON that is being written: memory that grows, and writes through a pointer. One owner; it is freed with the buffer.
struct JSONBuffer: ~Copyable {
  private var base: UnsafeMutablePointer<UInt8>
  private(set) var count = 0
  private var capacity: Int

  init(capacity: Int) {
    self.capacity = max(64, capacity)
    base = .allocate(capacity: self.capacity)
  }

  deinit { base.deallocate() }

  /// A copy of what was written.
  var bytes: [UInt8] { Array(UnsafeBufferPointer(start: base, count: count)) }

  /// Forgets what was written behind a place.
  mutating func truncate(to count: Int) { self.count = min(count, self.count) }

  /// Makes room for so many more bytes.
  @inline(__always)
  private mutating func reserve(_ more: Int) {
    if capacity - count < more { grow(more) }
  }

  private mutating func grow(_ more: Int) {
    let larger = max(capacity * 2, count + more)
    let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    memory.update(from: base, count: count)
    base.deallocate()
    (base, capacity) = (memory, larger)
  }

  @inline(__always)
  mutating func append(_ byte: UInt8) {
    reserve(1)
    base[count] = byte
    count += 1
  }

  @inline(__always)
  mutating func append(_ bytes: UnsafePointer<UInt8>, _ length: Int) {
    reserve(length)
    memcpy(base + count, bytes, length)
    count += length
  }

  mutating func append(_ bytes: [UInt8]) {
    bytes.withUnsafeBufferPointer { if let start = $0.baseAddress { append(start, $0.count) } }
  }

  mutating func append(_ word: StaticString) { append(word.utf8Start, word.utf8CodeUnitCount) }

  // MARK: Numbers

  /// Two digits each of 0 to 99. Never written after it was made, never freed.
  nonisolated(unsafe) private static let pairs: UnsafePointer<UInt8> = {
    let pairs = UnsafeMutablePointer<UInt8>.allocate(capacity: 200)
    for number in 0..<100 {
      pairs[2 * number] = UInt8(ascii: "0") + UInt8(number / 10)
      pairs[2 * number + 1] = UInt8(ascii: "0") + UInt8(number % 10)
    }
    return UnsafePointer(pairs)
  }()

  /// The number in decimal digits.
  mutating func append(_ value: UInt64) {
    reserve(20)
    var (length, power) = (1, value / 10)
    while power > 0 {
      length += 1
      power /= 10
    }
    let pairs = Self.pairs
    var rest = value
    var at = base + count + length
    while rest >= 100 {
      let pair = Int(rest % 100)
      rest /= 100
      at -= 2
      at[0] = pairs[2 * pair]
      at[1] = pairs[2 * pair + 1]
    }
    if rest >= 10 {
      at[-1] = pairs[2 * Int(rest) + 1]
      at[-2] = pairs[2 * Int(rest)]
    } else {
      at[-1] = UInt8(ascii: "0") + UInt8(rest)
    }
    count += length
  }

  /// The number in decimal digits.
  mutating func append(_ value: Int64) {
    if value < 0 { append(UInt8(ascii: "-")) }
    append(value.magnitude)
  }

  /// The shortest text that reads as the same number; a string for what JSON has no number for, as protobuf's JSON has it.
  mutating func append(_ value: Double) {
    if value.isNaN { return append("\"NaN\"") }
    if value.isInfinite { return append(value < 0 ? "\"-Infinity\"" : "\"Infinity\"") }
    var text = value.description
    text.withUTF8 { if let start = $0.baseAddress { append(start, $0.count) } }
  }

  // MARK: Texts

  /// The bytes as two hexadecimal digits each, in quotes.
  mutating func append(hex bytes: UnsafeRawBufferPointer) {
    reserve(2 * bytes.count + 2)
    var at = base + count
    at[0] = UInt8(ascii: "\"")
    at += 1
    for byte in bytes {
      let (high, low) = (byte >> 4, byte & 15)
      at[0] = high < 10 ? 0x30 + high : 0x57 + high
      at[1] = low < 10 ? 0x30 + low : 0x57 + low
      at += 2
    }
    at[0] = UInt8(ascii: "\"")
    count += 2 * bytes.count + 2
  }

  /// A JSON string. Invalid UTF-8 becomes U+FFFD.
  mutating func append(string bytes: UnsafeRawBufferPointer) {
    let length = bytes.count
    // Eight bytes more, so that whole words can be written at the end.
    reserve(length + 10)
    let target = base + count
    target[0] = UInt8(ascii: "\"")
    guard let source = bytes.baseAddress, Self.copyPlain(source, length, target + 1) else {
      var escaped: [UInt8] = []
      TextWriter.append(string: bytes.bindMemory(to: UInt8.self), to: &escaped)
      return append(escaped)
    }
    target[length + 1] = UInt8(ascii: "\"")
    count += length + 2
  }

  /// Copies the bytes while they need no escaping; false when one does. What was written then means nothing.
  @inline(__always)
  private static func copyPlain(_ source: UnsafeRawPointer, _ length: Int, _ target: UnsafeMutablePointer<UInt8>) -> Bool {
    let out = UnsafeMutableRawPointer(target)
    var special: UInt64 = 0
    var index = 0
    while index + 8 <= length {
      let word = source.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      special |= Self.special(word)
      out.storeBytes(of: word, toByteOffset: index, as: UInt64.self)
      index += 8
    }
    if index < length {
      var word: UInt64 = 0x2020_2020_2020_2020
      if length >= 8 {
        // The last eight bytes, some of them for a second time.
        index = length - 8
        word = source.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      } else {
        withUnsafeMutableBytes(of: &word) { for place in 0..<length { $0[place] = source.load(fromByteOffset: place, as: UInt8.self) } }
      }
      special |= Self.special(word)
      out.storeBytes(of: word, toByteOffset: index, as: UInt64.self)
    }
    return special == 0
  }

  /// Not zero when one of eight bytes is a control character, a quote, a backslash or beyond ASCII.
  @inline(__always)
  private static func special(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let tops: UInt64 = 0x8080_8080_8080_8080
    let (quote, backslash, delete) = (word ^ ones &* 0x22, word ^ ones &* 0x5C, word ^ ones &* 0x7F)
    let zeros = (quote &- ones) & ~quote | (backslash &- ones) & ~backslash | (delete &- ones) & ~delete
    return (word | zeros | (word &- ones &* 0x20) & ~word) & tops
  }
}
