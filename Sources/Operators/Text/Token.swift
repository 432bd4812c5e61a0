/// A variable part of a text: byte offsets, the end exclusive. What lies between tokens is literal.
struct Token: BitwiseCopyable {
  var start: UInt32
  var end: UInt32
  var kind: TokenKind
}

/// The memory a scan writes to, reused from message to message.
///
/// `@unchecked Sendable` is not needed: a scanner and its buffers belong to one subtask.
final class ScanBuffers {
  /// Tokens are hashed (or rendered) and dropped when this many are there, so that a message of any length needs no more.
  static let tokenCapacity = 1024
  let tokens = UnsafeMutablePointer<Token>.allocate(capacity: tokenCapacity)
  private(set) var spans = UnsafeMutablePointer<PIISpan>.allocate(capacity: 64)
  private(set) var spanCapacity = 64

  deinit {
    tokens.deallocate()
    spans.deallocate()
  }

  /// Doubles the room for spans: a message may hold any number of them.
  func growSpans() {
    let larger = UnsafeMutablePointer<PIISpan>.allocate(capacity: spanCapacity * 2)
    larger.update(from: spans, count: spanCapacity)
    spans.deallocate()
    spans = larger
    spanCapacity *= 2
  }
}
