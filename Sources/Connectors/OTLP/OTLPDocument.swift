/// A JSON text of somebody else, in memory that `OTLPText` can walk: 64 readable bytes stand behind it.
struct OTLPDocument: ~Copyable {
  private let bytes: UnsafeMutableBufferPointer<UInt8>
  /// Without the bytes behind it.
  let content: UnsafeBufferPointer<UInt8>

  init(_ text: [UInt8]) {
    bytes = .allocate(capacity: text.count + 64)
    _ = bytes.initialize(from: text)
    bytes[text.count...].initialize(repeating: 0)
    content = UnsafeBufferPointer(rebasing: bytes[..<text.count])
  }

  deinit { bytes.deallocate() }
}

extension OTLPText {
  /// The characters of a string value; nil when the value is none. Valid inside of `body`.
  func withString<Result>(_ value: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result? {
    guard let content = content(value) else { return nil }
    guard content.isEscaped else { return body(content.bytes) }
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: content.bytes.count) { buffer in
      guard let base = buffer.baseAddress else { return body(content.bytes) }
      return body(UnsafeBufferPointer(start: base, count: unescape(content.bytes, into: base)))
    }
  }
}
