internal import HMAC

/// Keyed hashes as text.
enum Digest {
  /// 64 hex digits of HMAC-SHA-256.
  static func hex(_ text: String, key: String) -> String {
    var result = [UInt8](repeating: 0, count: HMACSHA256.count)
    let message = Array(text.utf8)
    let done = message.withUnsafeBufferPointer { message in
      result.withUnsafeMutableBufferPointer { result in
        guard let base = result.baseAddress else { return false }
        return HMACSHA256(key: Array(key.utf8)).authenticate(message, into: base)
      }
    }
    precondition(done, "libcrypto computes HMAC-SHA-256")
    return hex(result)
  }

  static func hex(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
