/// Names of enumerations, as encoders write them: `SPAN_KIND_SERVER`, `server`.
enum OTLPWord {
  /// Whether the text is the name in any case. `name` holds ASCII letters, digits and underscores.
  static func matches(_ text: some Collection<UInt8>, _ name: StaticString) -> Bool {
    guard text.count == name.utf8CodeUnitCount else { return false }
    return zip(text, UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)).allSatisfy { lower($0) == lower($1) }
  }

  /// The text without the prefix, if it begins with it in any case.
  static func dropping(_ prefix: StaticString, _ text: UnsafeBufferPointer<UInt8>) -> Slice<UnsafeBufferPointer<UInt8>> {
    let length = prefix.utf8CodeUnitCount
    return matches(text.prefix(length), prefix) ? text.dropFirst(length) : text[...]
  }

  private static func lower(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }
}
