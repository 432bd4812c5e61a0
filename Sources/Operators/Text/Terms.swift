/// Words of the trade that hold digits and name no thing in particular: they stay in a template as they are.
enum Terms {
  private static let words: StaticString = """
    p50 p75 p90 p95 p99 p999 x64 x86 x86_64 amd64 arm64 aarch64 i386 i686 win32 win64 int16 int32 int64 uint8 uint16 uint32 uint64 float32 \
    float64 utf8 utf-8 utf16 utf-16 base32 base64 md5 sha1 sha-1 sha256 sha-256 sha384 sha512 sha-512 aes128 aes256 rs256 es256 hs256 \
    oauth2 http2 ipv4 ipv6 tls12 tls13 log4j slf4j s3 ec2 k8s i18n l10n
    """

  /// Whether [start, stop) is one of them, case aside. O(the list): only asked for names with digits.
  static func contains(_ start: UnsafePointer<UInt8>, _ stop: UnsafePointer<UInt8>) -> Bool {
    let count = stop - start
    guard count >= 2, count <= 7 else { return false }
    let w = words.utf8Start
    let last = words.utf8CodeUnitCount
    var first = 0
    while first < last {
      var i = 0
      while first + i < last, w[first + i] != UInt8(ascii: " ") {
        guard i < count else { break }
        let byte = start[i]
        guard (Bytes.isUpper(byte) ? byte | 0x20 : byte) == w[first + i] else { break }
        i += 1
      }
      if i == count, first + i == last || w[first + i] == UInt8(ascii: " ") { return true }
      first += i
      while first < last, w[first] != UInt8(ascii: " ") { first += 1 }
      first += 1
    }
    return false
  }
}
