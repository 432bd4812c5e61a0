/// A variable part of a text: byte offsets, the end exclusive. What lies between tokens is literal.
struct Token: BitwiseCopyable {
  var start: UInt32
  var end: UInt32
  var kind: TokenKind
}

/// The memory a scan writes to, reused from message to message. Owned by who allocates it: a scanner, a redactor.
struct ScanBuffers {
  /// Tokens are hashed (or rendered) and dropped when this many are there, so that a message of any length needs no more.
  static let tokenCapacity = 1024
  let tokens: UnsafeMutablePointer<Token>
  private(set) var spans: UnsafeMutablePointer<PIISpan>
  private(set) var spanCapacity: Int

  /// Buffers at an address of their own, so that a pass reaches them without counting references.
  static func allocate() -> UnsafeMutablePointer<ScanBuffers> {
    let buffers = UnsafeMutablePointer<ScanBuffers>.allocate(capacity: 1)
    buffers.initialize(to: ScanBuffers(tokens: .allocate(capacity: tokenCapacity), spans: .allocate(capacity: 64), spanCapacity: 64))
    return buffers
  }

  static func deallocate(_ buffers: UnsafeMutablePointer<ScanBuffers>) {
    buffers.pointee.tokens.deallocate()
    buffers.pointee.spans.deallocate()
    buffers.deallocate()
  }

  /// Doubles the room for spans: a message may hold any number of them.
  mutating func growSpans() {
    let larger = UnsafeMutablePointer<PIISpan>.allocate(capacity: spanCapacity * 2)
    larger.update(from: spans, count: spanCapacity)
    spans.deallocate()
    spans = larger
    spanCapacity *= 2
  }
}
