/// The one message of a unary call, as it comes in pieces. Pure.
///
/// ```
/// 1 byte: is it compressed? | 4 bytes: its length, the highest first | the message
/// ```
package struct GRPCMessage {
  private static let prefixBytes = 5

  private let limit: Int
  private var prefix: [UInt8] = []
  private var length = 0
  /// What came of the message so far, as it was sent.
  package private(set) var bytes: [UInt8] = []

  /// - Parameter limit: bytes of the longest message.
  package init(limit: Int) { self.limit = limit }

  /// Whether the message says that it is compressed.
  package var isCompressed: Bool { prefix.first == 1 }

  /// Takes what came next. Throws `PushRejection` when it is no message, a second one, or one that is too long: as soon as its length is known.
  package mutating func append(_ piece: UnsafeRawBufferPointer) throws(PushRejection) {
    var rest = piece[...]
    if prefix.count < Self.prefixBytes {
      let head = rest.prefix(Self.prefixBytes - prefix.count)
      prefix.append(contentsOf: head)
      rest = rest.dropFirst(head.count)
      if let mark = prefix.first, mark > 1 {
        throw PushRejection(.badRequest, "the message does not begin with 0 or 1, whether it is compressed")
      }
      guard prefix.count == Self.prefixBytes else { return }
      length = prefix[1...].reduce(0) { $0 << 8 | Int($1) }
      guard length <= limit else { throw BodyLimits(bytes: limit).rejection }
      // What is announced need not come.
      bytes.reserveCapacity(min(length, 1 << 20))
    }
    guard bytes.count + rest.count <= length else {
      throw PushRejection(.badRequest, "there is more than one message in the call: Export takes one")
    }
    bytes.append(contentsOf: rest)
  }

  /// Checks that the message is whole, now that the sender is done. Throws `PushRejection` when it is not.
  package func finish() throws(PushRejection) {
    guard prefix.count == Self.prefixBytes else { throw PushRejection(.badRequest, "the call ended before its message began") }
    guard bytes.count == length else {
      throw PushRejection(.badRequest, "the call ended after \(bytes.count) of the \(length) bytes of its message")
    }
  }

  /// The message with its prefix, as it is sent without compression.
  package static func framed(_ message: [UInt8]) -> [UInt8] {
    [0] + (0..<4).map { UInt8(truncatingIfNeeded: message.count >> (24 - 8 * $0)) } + message
  }
}
