/// URLs and paths. They are one token; personal data inside them is still looked for.
extension ScanPass {
  mutating func url(at i: Pointer) -> Pointer {
    let authority = i + 3
    var scheme = i
    // Not `floor`: the digit of `s3://` was a name of its own.
    let bound = max(quiet, recordedEnd)
    while scheme > bound, Bytes.isAlnum(scheme[-1]) || scheme[-1] == UInt8(ascii: "+") || scheme[-1] == UInt8(ascii: "-"), i - scheme < 24 {
      scheme -= 1
    }
    if scheme == i, let last = lastToken, last.kind == .identifier, last.end == i, i - last.start < 32, Bytes.isAlpha(last.start.pointee),
      unrecord(from: last.start)
    {
      // `postgresql+psycopg2://`: the digit made a token of the scheme.
      scheme = last.start
    }
    guard i - scheme >= 2, authority < end else { return i + 1 }
    // Inside another URL its end is this one's; looking for it each time would take quadratic time.
    if i < quiet {
      floor = authority
      return credentials(authority, quiet) ?? authority
    }
    var stop = urlEnd(authority, end)
    while stop > authority, Bytes.isSentenceEnd(stop[-1]) { stop -= 1 }
    guard stop > authority else { return i + 1 }
    open(.url, scheme, stop, inside: authority)
    return credentials(authority, stop) ?? authority
  }

  mutating func slash(at i: Pointer) -> Pointer {
    let after = i + 1
    guard after < end, i >= quiet else { return after }
    var start = i
    if start > floor, start[-1] == UInt8(ascii: "~") || start[-1] == UInt8(ascii: ".") {
      start -= 1
      if start > floor, start[0] == UInt8(ascii: "."), start[-1] == UInt8(ascii: ".") { start -= 1 }
    }
    if start > base, Bytes.lane(start[-1]) & ~Lane.colon != 0 || start[-1] == UInt8(ascii: "<") { return after }
    let next = after.pointee
    if Bytes.isDigit(next), IPv4(prefixOf: after, end) != nil {
      floor = after
      return after
    }
    if next == UInt8(ascii: "<"), let tag = TokenKind.tag(at: after, before: end), tag.kind == .address { return after }
    guard
      Bytes.isAlnum(next) || next == UInt8(ascii: "_") || next == UInt8(ascii: ".") || next == UInt8(ascii: "*") || next >= 0x80
        || next == UInt8(ascii: "<") && TokenKind.tag(at: after, before: end) != nil
    else { return after }
    open(.path, start, pathEnd(after, end), inside: after)
    return after
  }

  mutating func windowsPath(_ start: Pointer) -> Pointer {
    let inside = start + 3
    guard start >= quiet, inside <= end else { return start + 2 }
    open(.path, start, pathEnd(inside, end), inside: inside)
    return inside
  }

  mutating func backslash(at i: Pointer) -> Pointer {
    // `\\host\share`
    guard i >= quiet, end - i >= 3, i[1] == UInt8(ascii: "\\"), Bytes.isAlnum(i[2]), i == base || Bytes.lane(i[-1]) == 0, i >= floor else {
      return i + 1
    }
    let stop = pathEnd(i + 2, end)
    guard Bytes.find(UInt8(ascii: "\\"), i + 2, stop) != nil else { return i + 2 }
    open(.path, i, stop, inside: i + 2)
    return i + 2
  }

  /// Records a token and goes on inside it, for the personal data there.
  private mutating func open(_ kind: TokenKind, _ start: Pointer, _ stop: Pointer, inside: Pointer) {
    record(kind, start, stop)
    quiet = stop
    floor = inside
  }

  private func urlEnd(_ p: Pointer, _ limit: Pointer) -> Pointer {
    var p = p
    if p < limit, p.pointee == UInt8(ascii: "[") {
      // An IPv6 host.
      var q = p + 1
      while q < limit, Bytes.isHex(q.pointee) || q.pointee == UInt8(ascii: ":") || q.pointee == UInt8(ascii: ".") { q += 1 }
      if q < limit, q.pointee == UInt8(ascii: "]") { p = q + 1 }
    }
    while p < limit {
      if Bytes.isURL(p.pointee) {
        p += 1
      } else if p.pointee == UInt8(ascii: "<"), let tag = TokenKind.tag(at: p, before: limit) {
        p = tag.end
      } else {
        break
      }
    }
    return p
  }

  private func pathEnd(_ p: Pointer, _ limit: Pointer) -> Pointer {
    let first = p
    var p = p
    while p < limit {
      let byte = p.pointee
      if Bytes.lane(byte) & ~Lane.colon != 0 || byte == UInt8(ascii: "*") || byte >= 0x80 {
        p += 1
      } else if byte == UInt8(ascii: "<"), let tag = TokenKind.tag(at: p, before: limit) {
        p = tag.end
      } else if byte == UInt8(ascii: "?"), limit - p >= 2, Bytes.isAlnum(p[1]) {
        p = urlEnd(p, limit)
        break
      } else {
        break
      }
    }
    while p > first, Bytes.isSentenceEnd(p[-1]) { p -= 1 }
    return p
  }

  /// `user:password` in front of the host of a URL.
  private mutating func credentials(_ authority: Pointer, _ stop: Pointer) -> Pointer? {
    var p = authority
    var colon: Pointer?
    var at: Pointer?
    while p < stop {
      let byte = p.pointee
      if byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#") || byte == UInt8(ascii: "<") { break }
      if byte == UInt8(ascii: ":"), colon == nil { colon = p }
      if byte == UInt8(ascii: "@") { at = p }
      p += 1
    }
    guard let at, let colon, colon < at, at - colon >= 2 else { return nil }
    find(.credentials, authority, at)
    floor = at + 1
    return at + 1
  }
}
