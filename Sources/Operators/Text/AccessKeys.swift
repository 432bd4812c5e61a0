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
