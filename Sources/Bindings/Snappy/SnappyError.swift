#if Snappy
/// Why bytes could not be compressed or decompressed.
public struct SnappyError: Error, CustomStringConvertible, Equatable {
  /// What a caller may tell apart.
  public enum Code: Sendable, Equatable {
    /// The bytes are no snappy block, or are damaged or cut short: the format does not tell these apart.
    case corrupt
    /// The block says that it holds more than the caller allows.
    case tooLarge
  }

  /// What went wrong.
  public let code: Code
  /// Lower case, no full stop; holds no contents.
  public let message: String

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The message.
  public var description: String { message }
}
#endif
