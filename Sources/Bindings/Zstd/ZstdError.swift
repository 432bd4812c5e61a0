internal import CZstd

/// Why bytes could not be compressed or decompressed.
public struct ZstdError: Error, CustomStringConvertible, Equatable {
  /// What a caller may tell apart.
  public enum Code: Sendable, Equatable {
    /// The bytes are not zstd, or are damaged.
    case corrupt
    /// The bytes end inside of a frame.
    case truncated
    /// The frame would decompress to more than the caller allows.
    case tooLarge
    /// The frame does not say how large its content is, so its size cannot be checked before memory is taken.
    case unknownSize
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

  /// The result of a library call, or the error it stands for.
  static func check(_ result: Int, _ code: Code) throws(ZstdError) -> Int {
    guard ZSTD_isError(result) == 0 else {
      throw ZstdError(code, "zstd: \(String(cString: ZSTD_getErrorName(result)))")
    }
    return result
  }
}
