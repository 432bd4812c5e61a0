internal import Glibc

/// Access keys and tokens with a form of their own.
enum AccessKeys {
  typealias Pointer = UnsafePointer<UInt8>

  /// Twenty bytes: a prefix that says what the key is for, and sixteen capitals and digits.
  static func isAWS(_ p: Pointer) -> Bool {
    guard p[0] == UInt8(ascii: "A") else { return false }
    let end = p + 4
    guard
      Bytes.starts(p, end, with: "AKIA") || Bytes.starts(p, end, with: "ASIA") || Bytes.starts(p, end, with: "AROA")
        || Bytes.starts(p, end, with: "AIDA") || Bytes.starts(p, end, with: "AGPA") || Bytes.starts(p, end, with: "ANPA")
        || Bytes.starts(p, end, with: "ANVA") || Bytes.starts(p, end, with: "AIPA") || Bytes.starts(p, end, with: "ABIA")
        || Bytes.starts(p, end, with: "ACCA")
    else { return false }
    for i in 4..<20 {
      guard Bytes.isUpper(p[i]) || Bytes.isDigit(p[i]) else { return false }
    }
    return true
  }

  /// The end of the characters that a bearer token may hold.
  static func tokenEnd(_ start: Pointer, _ limit: Pointer) -> Pointer {
    var p = start
    while p < limit, Bytes.isBase64(p.pointee) || p.pointee == UInt8(ascii: ".") || p.pointee == UInt8(ascii: "~") { p += 1 }
    while p > start, p[-1] == UInt8(ascii: ".") { p -= 1 }
    while p < limit, p.pointee == UInt8(ascii: "=") { p += 1 }
    return p
  }

  /// The end of the secret at `start` that a vendor's prefix gives away.
  static func vendorSecret(_ start: Pointer, _ limit: Pointer) -> Pointer? {
    // By the first letter: most atoms go no further.
    switch start.pointee {
    case UInt8(ascii: "g"):
      return match(start, limit, "ghp_", 36, 36) ?? match(start, limit, "gho_", 36, 36) ?? match(start, limit, "ghu_", 36, 36)
        ?? match(start, limit, "ghs_", 36, 36) ?? match(start, limit, "ghr_", 36, 76) ?? match(start, limit, "github_pat_", 40, 120)
        ?? match(start, limit, "glpat-", 20, 40) ?? match(start, limit, "gldt-", 20, 40) ?? match(start, limit, "glrt-", 20, 40)
    case UInt8(ascii: "x"):
      return match(start, limit, "xoxb-", 20, 200) ?? match(start, limit, "xoxp-", 20, 200) ?? match(start, limit, "xoxa-", 20, 200)
        ?? match(start, limit, "xoxe-", 20, 200) ?? match(start, limit, "xoxr-", 20, 200) ?? match(start, limit, "xoxs-", 20, 200)
        ?? match(start, limit, "xapp-", 20, 200)
    case UInt8(ascii: "s"):
      return match(start, limit, "sk_live_", 16, 128) ?? match(start, limit, "sk_test_", 16, 128) ?? match(start, limit, "sk-ant-", 20, 160)
        ?? match(start, limit, "sk-proj-", 20, 200) ?? match(start, limit, "shpat_", 32, 32) ?? match(start, limit, "shpss_", 32, 32)
        ?? match(start, limit, "shpca_", 32, 32) ?? match(start, limit, "sk-", 32, 64) ?? match(start, limit, "sq0atp-", 22, 43)
        ?? match(start, limit, "sq0csp-", 43, 43)
    case UInt8(ascii: "r"): return match(start, limit, "rk_live_", 16, 128) ?? match(start, limit, "rk_test_", 16, 128)
    case UInt8(ascii: "p"):
      return match(start, limit, "pypi-", 32, 240) ?? match(start, limit, "pat_", 32, 80) ?? match(start, limit, "pscale_tkn_", 32, 64)
    case UInt8(ascii: "A"): return match(start, limit, "AIza", 35, 35)
    case UInt8(ascii: "G"): return match(start, limit, "GOCSPX-", 28, 28)
    case UInt8(ascii: "n"): return match(start, limit, "npm_", 36, 36)
    case UInt8(ascii: "S"): return match(start, limit, "SG.", 60, 72)
    case UInt8(ascii: "h"):
      return match(start, limit, "hf_", 30, 40) ?? match(start, limit, "hvs.", 24, 120) ?? match(start, limit, "hvb.", 24, 240)
    case UInt8(ascii: "d"):
      return match(start, limit, "dop_v1_", 64, 64) ?? match(start, limit, "doo_v1_", 64, 64) ?? match(start, limit, "dckr_pat_", 24, 40)
        ?? match(start, limit, "dapi", 32, 36)
    case UInt8(ascii: "y"): return match(start, limit, "ya29.", 24, 240)
    case UInt8(ascii: "E"): return match(start, limit, "EAACEdEose0cBA", 20, 200)
    case UInt8(ascii: "k"): return match(start, limit, "key-", 32, 32)
    case UInt8(ascii: "t"): return match(start, limit, "tfp_", 32, 64)
    case UInt8(ascii: "l"): return match(start, limit, "lin_api_", 32, 48)
    default: return nil
    }
  }

  /// The prefix, and `least` to `most` token characters behind it, not all of one class.
  private static func match(_ start: Pointer, _ limit: Pointer, _ prefix: StaticString, _ least: Int, _ most: Int) -> Pointer? {
    guard Bytes.starts(start, limit, with: prefix) else { return nil }
    let body = start + prefix.utf8CodeUnitCount
    var p = body
    while p < limit,
      Bytes.isAlnum(p.pointee) || p.pointee == UInt8(ascii: "_") || p.pointee == UInt8(ascii: "-") || p.pointee == UInt8(ascii: ".")
    {
      p += 1
    }
    while p > body, p[-1] == UInt8(ascii: ".") { p -= 1 }
    return p - body >= least && p - body <= most ? p : nil
  }

  /// Bits of entropy a byte, by the frequency of the bytes. O(count).
  static func entropy(_ start: Pointer, _ stop: Pointer) -> Double {
    let count = stop - start
    guard count > 0 else { return 0 }
    return withUnsafeTemporaryAllocation(of: Int32.self, capacity: 256) { histogram in
      histogram.initialize(repeating: 0)
      var p = start
      while p < stop {
        histogram[Int(p.pointee)] += 1
        p += 1
      }
      var bits = 0.0
      for n in histogram where n > 0 {
        let share = Double(n) / Double(count)
        bits -= share * log2(share)
      }
      return bits
    }
  }
}

/// JSON Web Tokens.
enum JWT {
  /// No server takes longer headers.
  private static let longest = 16 << 10

  /// The end of the token at `start`: three base64url parts, of which the first decodes to a JSON object with an `alg`.
  static func end(_ start: UnsafePointer<UInt8>, _ limit: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>? {
    guard Bytes.starts(start, limit, with: "eyJ") else { return nil }
    let limit = limit - start > longest ? start + longest : limit
    var p = start
    var dots = 0
    var header = start
    while p < limit {
      let byte = p.pointee
      if byte == UInt8(ascii: ".") {
        if dots == 2 { break }
        dots += 1
        if dots == 1 { header = p }
      } else if !Bytes.isBase64(byte) || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "+") {
        break
      }
      p += 1
    }
    guard dots == 2, header - start >= 12, Base64.decoded(start, header, contains: "\"alg\"") else { return nil }
    return p
  }
}
