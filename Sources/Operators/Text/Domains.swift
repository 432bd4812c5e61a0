/// Domain names as they stand in e-mail addresses.
enum Domains {
  typealias Pointer = UnsafePointer<UInt8>

  /// The end of the domain name at `p`: two labels or more, the last one letters. Nil when there is none.
  static func end(_ p: Pointer, _ end: Pointer) -> Pointer? {
    var q = p
    var label = p
    var lastStart = p
    var labels = 0
    while q < end, q - p <= 253 {
      let byte = q.pointee
      if Bytes.isAlnum(byte) {
        q += 1
      } else if Bytes.isAccented(q, end) {
        q += 2
      } else if byte == UInt8(ascii: "-"), q > label {
        q += 1
      } else if byte == UInt8(ascii: "."), q > label, q[-1] != UInt8(ascii: "-"), q + 1 < end, Bytes.isAlnum(q[1]) {
        labels += 1
        label = q + 1
        lastStart = label
        q += 1
      } else {
        break
      }
    }
    while q > label, q[-1] == UInt8(ascii: "-") { q -= 1 }
    guard labels >= 1, q - lastStart >= 2, q - lastStart <= 24 else { return nil }
    if Bytes.startsIgnoringCase(lastStart, q, with: "xn--") { return q }
    var r = lastStart
    while r < q {
      guard Bytes.isAlpha(r.pointee) || r.pointee >= 0x80 else { return nil }
      r += 1
    }
    return isReserved(lastStart, q - lastStart) || isVersion(p, lastStart) ? nil : q
  }

  /// `1.2.` in front of the last label: a package's version (`types@1.2.3.tgz`).
  private static func isVersion(_ p: Pointer, _ last: Pointer) -> Bool {
    let first = Bytes.afterDigits(p, last)
    guard first > p, first < last, first.pointee == UInt8(ascii: ".") else { return false }
    let second = Bytes.afterDigits(first + 1, last)
    return second > first + 1 && second < last && second.pointee == UInt8(ascii: ".")
  }

  /// Suffixes of files that are written like addresses (`icon@2x.png`, `user@1000.service`).
  private static func isReserved(_ p: Pointer, _ count: Int) -> Bool {
    switch count {
    case 2: Bytes.startsIgnoringCase(p, p + count, with: "js") || Bytes.startsIgnoringCase(p, p + count, with: "gz")
    case 3: isOneOf("pngjpggifsvgicocsstsxjsxxmltgzlogtxtymljardllexesqlcsvpdfmp4tar", p)
    case 4:
      Bytes.startsIgnoringCase(p, p + count, with: "json") || Bytes.startsIgnoringCase(p, p + count, with: "html")
        || Bytes.startsIgnoringCase(p, p + count, with: "yaml") || Bytes.startsIgnoringCase(p, p + count, with: "jpeg")
        || Bytes.startsIgnoringCase(p, p + count, with: "webp") || Bytes.startsIgnoringCase(p, p + count, with: "toml")
        || Bytes.startsIgnoringCase(p, p + count, with: "conf")
    case 5:
      Bytes.startsIgnoringCase(p, p + count, with: "mount") || Bytes.startsIgnoringCase(p, p + count, with: "timer")
        || Bytes.startsIgnoringCase(p, p + count, with: "slice") || Bytes.startsIgnoringCase(p, p + count, with: "scope")
    case 6:
      Bytes.startsIgnoringCase(p, p + count, with: "socket") || Bytes.startsIgnoringCase(p, p + count, with: "target")
        || Bytes.startsIgnoringCase(p, p + count, with: "device")
    case 7: Bytes.startsIgnoringCase(p, p + count, with: "service")
    default: false
    }
  }

  /// Whether the three letters at `p` are one of the words of three.
  private static func isOneOf(_ words: StaticString, _ p: Pointer) -> Bool {
    let w = words.utf8Start
    var i = 0
    while i < words.utf8CodeUnitCount {
      if w[i] == p[0] | 0x20, w[i + 1] == p[1] | 0x20, w[i + 2] == p[2] | 0x20 { return true }
      i += 3
    }
    return false
  }
}
