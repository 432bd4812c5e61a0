internal import CLibCrypto

/// Hashes of byte strings that tell contents apart: SHA-256 (FIPS 180-4).
public enum SHA256 {
  /// The 32 bytes of the hash. O(message). Nil when the library could not compute it.
  public static func hash(_ message: [UInt8]) -> [UInt8]? {
    var result = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 0
    let done = EVP_Digest(message, message.count, &result, &length, EVP_sha256(), nil)
    return done == 1 && length == 32 ? result : nil
  }
}
