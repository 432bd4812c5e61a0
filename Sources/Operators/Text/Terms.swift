/// Words of the trade that hold digits and name no thing in particular: they stay in a template as they are.
enum Terms {
  /// Whether [start, stop) is one of them, case aside.
  static func contains(_ start: UnsafePointer<UInt8>, _ stop: UnsafePointer<UInt8>) -> Bool {
    guard stop - start <= 7 else { return false }
    var word: UInt64 = 0
    var p = start
    while p < stop {
      word = word << 8 | UInt64(Bytes.isUpper(p.pointee) ? p.pointee | 0x20 : p.pointee)
      p += 1
    }
    switch word {
    case code("p50"), code("p75"), code("p90"), code("p95"), code("p99"), code("p999"), code("x64"), code("x86"), code("x86_64"),
      code("amd64"), code("arm64"), code("aarch64"), code("i386"), code("i686"), code("win32"), code("win64"), code("int16"),
      code("int32"), code("int64"), code("uint8"), code("uint16"), code("uint32"), code("uint64"), code("float32"),
      code("float64"), code("utf8"), code("utf-8"), code("utf16"), code("utf-16"), code("base32"), code("base64"), code("md5"),
      code("sha1"), code("sha-1"), code("sha256"), code("sha-256"), code("sha384"), code("sha512"), code("sha-512"),
      code("aes128"), code("aes256"), code("rs256"), code("es256"), code("hs256"), code("oauth2"), code("http2"), code("ipv4"),
      code("ipv6"), code("tls12"), code("tls13"), code("log4j"), code("slf4j"), code("ec2"), code("k8s"), code("i18n"),
      code("l10n"):
      return true
    default: return false
    }
  }

  /// The letters of a word, packed as `contains` packs them. Folded at compile time.
  @inline(__always)
  private static func code(_ word: StaticString) -> UInt64 {
    let p = word.utf8Start
    var result: UInt64 = 0
    for i in 0..<word.utf8CodeUnitCount { result = result << 8 | UInt64(p[i]) }
    return result
  }
}
