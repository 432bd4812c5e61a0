/// Cuts a stream of bytes into syslog messages (RFC 6587): each with its length in front, or ended by a newline; told apart message by message.
///
/// Holds at most one message, and of that no more than the limit; what is beyond it is passed over.
package struct SyslogFraming {
  private let limit: Int
  private var held: [UInt8] = []
  private var phase = Phase.start

  private enum Phase {
    /// Before a message, perhaps with digits of its length held.
    case start
    /// Behind a number and a blank, which are held: only before the bracket of a priority are they a length.
    case announced
    /// Of a counted message so many bytes are still to come.
    case counted(left: Int)
    case line
  }

  package init(limit: Int) { self.limit = limit }

  /// Bytes of a message that has not ended yet.
  package var heldBytes: Int { held.count }

  /// Hands over every message that ends in these bytes.
  ///
  /// - Parameter message: gets a message, and whether its end was cut off.
  package mutating func read(_ bytes: UnsafeBufferPointer<UInt8>, _ message: (UnsafeBufferPointer<UInt8>, Bool) -> Void) {
    var index = 0
    while index < bytes.count {
      switch phase {
      case .start: start(bytes[index], &index)
      case .announced:
        guard bytes[index] == UInt8(ascii: "<") else {
          phase = .line
          continue
        }
        phase = .counted(left: held.dropLast().reduce(0) { $0 * 10 + Int($1 - 0x30) })
        held.removeAll(keepingCapacity: true)
      case .counted(let left):
        let count = min(left, bytes.count - index)
        keep(bytes[index..<index + count])
        index += count
        phase = .counted(left: left - count)
        if left == count { finish(message) }
      case .line:
        let end = bytes[index...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        keep(bytes[index..<end])
        index = end
        if index < bytes.count {
          index += 1
          finish(message)
        }
      }
    }
  }

  /// The stream is at its end: hands over what has no newline.
  package mutating func end(_ message: (UnsafeBufferPointer<UInt8>, Bool) -> Void) {
    if !held.isEmpty { finish(message) }
  }

  /// One byte of `123 <34>…` or of anything else.
  private mutating func start(_ byte: UInt8, _ index: inout Int) {
    let isDigit = byte &- 0x30 <= 9
    // Seven digits are more than any message has, and a length does not begin with zero.
    if isDigit, held.count < 7, !(held.isEmpty && byte == 0x30) {
      held.append(byte)
      index += 1
    } else if byte == UInt8(ascii: " "), !held.isEmpty {
      held.append(byte)
      phase = .announced
      index += 1
    } else {
      phase = .line
    }
  }

  private var isTruncated = false

  private mutating func keep(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) {
    let room = limit - held.count
    held.append(contentsOf: bytes.prefix(room))
    if bytes.count > room { isTruncated = true }
  }

  private mutating func finish(_ message: (UnsafeBufferPointer<UInt8>, Bool) -> Void) {
    held.withUnsafeBufferPointer { message($0, isTruncated) }
    held.removeAll(keepingCapacity: true)
    isTruncated = false
    phase = .start
  }
}
