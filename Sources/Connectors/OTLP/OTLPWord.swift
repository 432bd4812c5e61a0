internal import Dataflow

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

  /// Which of an enumeration's names a value is: by its number, or by the name with or without the prefix. Absent is the first.
  ///
  /// - Throws: the refusal when it is neither.
  static func index(
    _ value: Int?, of names: [StaticString], _ prefix: StaticString, _ field: StaticString, _ text: OTLPText
  ) throws(OTLPRefusal) -> Int {
    guard let value, !text.isNull(value) else { return 0 }
    // A number that a later version of OTLP adds is not an error.
    if let number = text.integer(value) { return (0..<Int64(names.count)).contains(number) ? Int(number) : 0 }
    if let content = text.content(value)?.bytes {
      let word = dropping(prefix, content)
      for (index, name) in names.enumerated() where matches(word, name) { return index }
    }
    throw OTLPRefusal(reason: "wrong-type", detail: "\(field) expects a number or a name")
  }

  /// A name in the memory of a batch.
  static func copy(_ name: StaticString, _ batch: RecordBatch) -> ByteView {
    batch.copy(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
  }

  private static func lower(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }
}
