/// The attributes of one level (resource, scope or record), as ranges of the text: nothing is copied before it is asked for.
struct OTLPAttributes {
  struct Entry {
    /// With quotes, as it is written.
    var rawKey: UnsafeBufferPointer<UInt8>
    /// The OTLP value, or nil where there is none.
    var value: Int?
  }

  private(set) var entries: [Entry] = []

  mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

  /// Takes over the items of a list of key-values. False when the value is something else.
  mutating func load(_ text: OTLPText, _ list: Int) -> Bool {
    entries.removeAll(keepingCapacity: true)
    if text.isNull(list) { return true }
    guard var index = text.array(list) else { return false }
    while let item = text.nextItem(&index) {
      guard let (rawKey, value) = text.keyValue(item) else { return false }
      entries.append(Entry(rawKey: rawKey, value: value))
      index = text.end(of: item)
    }
    return true
  }

  /// The wrapped string of an attribute, or nil when there is none of that name or it is no string.
  func string(_ name: StaticString, _ text: OTLPText) -> Int? {
    guard let index = index(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), quoted: false),
      let value = entries[index].value, let (kind, inner) = text.wrapped(value), kind == .string,
      text.first(inner) == UInt8(ascii: "\"")
    else { return nil }
    return inner
  }

  /// Whether a key stands here, as it is written.
  func contains(_ rawKey: UnsafeBufferPointer<UInt8>) -> Bool { index(rawKey, quoted: true) != nil }

  /// The last entry of the name: of equal keys the last one counts.
  private func index(_ key: UnsafeBufferPointer<UInt8>, quoted: Bool) -> Int? {
    entries.lastIndex { entry in
      let known = quoted ? entry.rawKey[...] : entry.rawKey[1..<entry.rawKey.count - 1]
      return known.count == key.count && known.elementsEqual(key)
    }
  }
}
