internal import CZlib

/// Why bytes could not be compressed or decompressed.
public struct GzipError: Error, CustomStringConvertible, Equatable {
  /// What a caller may tell apart.
  public enum Code: Sendable, Equatable {
    /// The bytes are not gzip, or are damaged.
    case corrupt
    /// The bytes end inside of a member.
    case truncated
    /// More comes out of the bytes than the caller allows.
    case tooLarge
    /// The library could not get memory or was called wrongly.
    case failed
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
