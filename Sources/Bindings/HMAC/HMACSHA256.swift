internal import CLibCrypto

/// Keyed hashes of byte strings: HMAC with SHA-256 (RFC 2104, FIPS 180-4).
public struct HMACSHA256: Sendable {
  /// Length of a result in bytes.
  public static let count = 32
  private let key: [UInt8]

  /// A hash under that key, of any length; 32 bytes or more are worth what the hash is worth.
  public init(key: [UInt8]) { self.key = key }

  /// Writes the 32 bytes of the hash of a message. O(message).
  ///
  /// - Returns: false when the library could not compute it; the result is then unusable.
  public func authenticate(_ message: UnsafeBufferPointer<UInt8>, into result: UnsafeMutablePointer<UInt8>) -> Bool {
    var length: UInt32 = 0
    // A key without bytes has no address, which the library would take for "the key of last time".
    let hash = key.isEmpty ? [0] : key
    let done = hash.withUnsafeBytes { key in
      HMAC(
        EVP_sha256(), key.baseAddress, Int32(self.key.count), message.baseAddress ?? UnsafePointer(result), message.count, result, &length)
    }
    return done != nil && length == 32
  }
}
