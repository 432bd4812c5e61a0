/// The attributes of one level (resource, scope or record), as ranges of the text: nothing is copied before it is asked for.
struct OTLPAttributes {
  struct Entry {
    /// With quotes, as it is written.
    var rawKey: UnsafeBufferPointer<UInt8>
    /// The OTLP value, or nil where there is none.
    var value: Int?
    /// What the value is in plain JSON, where it stands in the text like that: strings, truth values, doubles.
    var plain: UnsafeBufferPointer<UInt8>?
  }

  private(set) var entries: [Entry] = []
  /// One bit for every key, so that most look-ups for equal keys need not compare.
  private(set) var keys: UInt64 = 0
  /// Bytes of the list in the text: at least as many as its plain form has.
  private(set) var rawCount = 0

  mutating func removeAll() {
    entries.removeAll(keepingCapacity: true)
    keys = 0
    rawCount = 0
  }

  /// Takes over the items of a list of key-values, and leaves `index`, which stands at the list, behind it. False when the value is something else.
  mutating func load(_ text: OTLPText, _ index: inout Int) -> Bool {
    removeAll()
    let start = index
    guard let first = text.array(index) else {
      let isNull = text.isNull(index)
      index = text.end(of: index)
      return isNull
    }
    var at = first
    while let item = text.nextItem(&at) {
      guard let entry = text.keyValue(item, end: &at) else {
        index = text.end(of: start)
        return false
      }
      entries.append(entry)
      keys |= Self.bit(entry.rawKey)
    }
    index = at
    rawCount = at - start
    return true
  }

  /// The wrapped string of an attribute, or nil when there is none of that name or it is no string.
  func string(_ name: StaticString, _ text: OTLPText) -> Int? {
    let bytes = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    guard
      let index = entries.lastIndex(where: { $0.rawKey.count == bytes.count + 2 && $0.rawKey[1..<$0.rawKey.count - 1].elementsEqual(bytes) }
      ),
      let value = entries[index].value, let (kind, inner) = text.wrapped(value), kind == .string,
      text.first(inner) == UInt8(ascii: "\"")
    else { return nil }
    return inner
  }

  /// Whether a key stands here, as it is written.
  func contains(_ rawKey: UnsafeBufferPointer<UInt8>) -> Bool {
    keys & Self.bit(rawKey) != 0 && entries.contains { $0.rawKey.count == rawKey.count && $0.rawKey.elementsEqual(rawKey) }
  }

  /// Whether some key may stand in both; false when none does.
  func mayShareKeys(with other: OTLPAttributes) -> Bool { keys & other.keys != 0 }

  /// One of 64 bits, by what differs between most keys.
  private static func bit(_ rawKey: UnsafeBufferPointer<UInt8>) -> UInt64 {
    let count = rawKey.count
    guard count > 2 else { return 1 }
    let mix = UInt64(count) &* 31 &+ UInt64(rawKey[count - 2]) &* 7 &+ UInt64(rawKey[count / 2]) &* 13 &+ UInt64(rawKey[1])
    return 1 << (mix & 63)
  }
}
