internal import CScan

/// What stands behind `:` and `=`, tags, and other triggers that are not digits.
extension ScanPass {
  mutating func colon(at i: Pointer) -> Pointer {
    let after = i + 1
    guard after < end else { return after }
    let next = after.pointee
    if next == UInt8(ascii: "/") || next == UInt8(ascii: "\\") {
      if next == UInt8(ascii: "/"), end - i >= 3, i[2] == UInt8(ascii: "/") { return url(at: i) }
      if i > floor, Bytes.isAlpha(i[-1]), i - 1 == floor || Bytes.lane(i[-2]) == 0 { return windowsPath(i - 1) }
    }
    if i > base {
      let before: UInt8 = i - base >= 2 ? i[-2] : 0
      if cscan_may_end_key(before, i[-1]) != 0 || Bytes.isQuote(i[-1]) || i[-1] == UInt8(ascii: " ") && Bytes.isQuote(before),
        let next = keyed(i)
      {
        return next
      }
      if next == UInt8(ascii: ":") || Bytes.isHex(next) && Bytes.isHex(i[-1]), let next = wordlessV6(at: i) { return next }
    } else if next == UInt8(ascii: ":"), let next = wordlessV6(at: i) {
      return next
    }
    return flag(next == UInt8(ascii: " ") ? after + 1 : after) ?? after
  }

  mutating func equals(at i: Pointer) -> Pointer {
    let after = i + 1
    guard after < end, i > base else { return after }
    let before = i[-1]
    if Bytes.isOperator(before) || Bytes.isOperator(after.pointee) {
      // `"password" => "hunter2"`, as Ruby and Elixir print maps.
      return after.pointee == UInt8(ascii: ">") ? keyed(i, arrow: 1) ?? after : after
    }
    let key = before == UInt8(ascii: " ") && i - base >= 2 ? i - 1 : i
    if cscan_may_end_key(key - base >= 2 ? key[-2] : 0, key[-1]) != 0 || Bytes.isQuote(key[-1]), let next = keyed(i) { return next }
    // `key = value` and `key =value` as well, but `a= b` ends at the blank.
    let isSpaced = before == UInt8(ascii: " ") && after.pointee == UInt8(ascii: " ")
    let first = isSpaced ? after + 1 : after
    return flag(first) ?? word(first) ?? after
  }

  /// An IPv6 address that begins with letters or with the colons at `i`.
  private mutating func wordlessV6(at i: Pointer) -> Pointer? {
    var start = i
    while start > floor, Bytes.isHex(start[-1]), i - start < 5 { start -= 1 }
    if start > floor, Bytes.lane(start[-1]) != 0 { return nil }
    let whole = i < quiet ? quiet : end
    var stop = i
    var lanes: UInt64 = 0
    let limit = whole - i > 64 ? i + 64 : whole
    while stop < limit {
      let lane = Bytes.lane(stop.pointee)
      if lane == 0 { break }
      lanes &+= lane
      stop += 1
    }
    while stop > i + 1,
      stop[-1] == UInt8(ascii: ".") || stop[-1] == UInt8(ascii: "\\") || stop[-1] == UInt8(ascii: ":") && stop[-2] != UInt8(ascii: ":")
    { stop -= 1 }
    if i > start, i[1] != UInt8(ascii: ":"), let next = hardware(start, stop, lanes) { return next }
    return addressV6(start, stop, lanes)
  }

  /// `true`, `false`, `null` and their like as the value of a key.
  private mutating func flag(_ p: Pointer) -> Pointer? {
    guard end - p >= 3 else { return nil }
    let stop: Pointer
    switch p.pointee | 0x20 {
    case UInt8(ascii: "t"):
      guard Bytes.startsIgnoringCase(p, end, with: "true") else { return nil }
      stop = p + 4
    case UInt8(ascii: "f"):
      guard Bytes.startsIgnoringCase(p, end, with: "false") else { return nil }
      stop = p + 5
    case UInt8(ascii: "n"):
      if Bytes.startsIgnoringCase(p, end, with: "null") || Bytes.startsIgnoringCase(p, end, with: "none") {
        stop = p + 4
      } else if Bytes.startsIgnoringCase(p, end, with: "nil") {
        stop = p + 3
      } else {
        return nil
      }
    default: return nil
    }
    if stop < end, Bytes.lane(stop.pointee) & ~Lane.dot != 0 { return nil }
    record(.value, p, stop)
    return stop
  }

  /// Longest quoted value that is taken whole.
  private static let longestQuote = 64

  /// The word after `key=`: letters with `. - _ / $` in between, or a quoted text of such words. Anything with a digit or another trigger in
  /// it is left to its recogniser; a name before a bracket (`Rect(`, `Surface{`) is literal.
  private mutating func word(_ p: Pointer) -> Pointer? {
    guard p < end else { return nil }
    if Bytes.isQuote(p.pointee) {
      // What a record of keys and values says stays.
      if isMessage(p) { return nil }
      let limit = end - p > Self.longestQuote ? p + Self.longestQuote : end
      var stop = p + 1
      while stop < limit, stop.pointee != p.pointee {
        if cscan_is_trigger(stop.pointee) != 0 { return nil }
        stop += 1
      }
      guard stop < limit, stop > p + 1 else { return nil }
      record(.value, p + 1, stop)
      return stop
    }
    var stop = p
    while stop < end, Bytes.isKey(stop.pointee) || stop.pointee == UInt8(ascii: "/") || stop.pointee == UInt8(ascii: "$") {
      if Bytes.isDigit(stop.pointee) { return nil }
      stop += 1
    }
    if stop < end {
      let next = stop.pointee
      if Bytes.lane(next) != 0 || next == UInt8(ascii: "(") || next == UInt8(ascii: "{") || next == UInt8(ascii: "<") { return nil }
    }
    while stop > p, !Bytes.isAlpha(stop[-1]) { stop -= 1 }
    guard stop > p, p.pointee != UInt8(ascii: "/") else { return nil }
    let isHex = stop - p >= 6 && (p..<stop).allSatisfy { Bytes.isHex($0.pointee) }
    record(isHex ? .number : .value, p, stop)
    return stop
  }

  /// Whether the quote at `p` opens the message among keys and values: `level=info msg="starting up" port=80`.
  private func isMessage(_ p: Pointer) -> Bool {
    guard p - base >= 4, p[-1] == UInt8(ascii: "=") else { return false }
    let key = p - 1
    return Bytes.endsIgnoringCase(key, base, with: "msg") || Bytes.endsIgnoringCase(key, base, with: "message")
  }

  /// A placeholder, in text that was redacted before.
  mutating func tag(at i: Pointer) -> Pointer {
    guard let tag = TokenKind.tag(at: i, before: end) else { return element(at: i) ?? i + 1 }
    var stop = tag.end
    if tag.kind == .password || tag.kind == .secret || tag.kind == .person, let next = element(i, tag.kind, tag.end) { return next }
    if tag.kind == .address, stop < end, stop.pointee == UInt8(ascii: ":") || stop.pointee == UInt8(ascii: "/") {
      let digits = Bytes.afterDigits(stop + 1, end)
      if digits > stop + 1, digits == end || Bytes.lane(digits.pointee) == 0 || stop.pointee == UInt8(ascii: ":") { stop = digits }
    }
    var start = i
    if tag.kind == .address {
      if isSlashed(i) {
        start = i - 1
      } else if i > base, let last = lastToken, last.kind == .identifier || last.kind == .number,
        last.end == i || last.end == i - 1 && i[-1] == UInt8(ascii: "/"), unrecord(from: last.start)
      {
        // `host-1/<ip>`, as the address itself would read.
        record(.identifier, last.start, stop)
        return stop
      }
      recordUser(before: start)
    }
    if tag.kind == .address { recordUser(before: start) }
    record(tag.kind, start, stop)
    return stop
  }

  /// The content of an XML element whose name is that of a placeholder: `<password>hunter2</password>`.
  private mutating func element(_ i: Pointer, _ kind: TokenKind, _ start: Pointer) -> Pointer? {
    let limit = end - start > 256 ? start + 256 : end
    guard let stop = Bytes.find(UInt8(ascii: "<"), start, limit), stop > start, end - stop > 2, stop[1] == UInt8(ascii: "/"),
      end - stop - 2 >= start - i - 1, Bytes.equal(stop + 2, i + 1, start - i - 1)
    else { return nil }
    if kind == .person {
      guard let name = Names.end(start, stop, least: 2), name == stop else { return nil }
    }
    record(kind, i, start)
    find(kind == .password ? .password : kind == .person ? .person : .secret, start, stop)
    record(kind, start, stop)
    return stop
  }

  /// Whether the address at `p` has a lone slash before it, as Java writes addresses without a name.
  func isSlashed(_ p: Pointer) -> Bool {
    guard p > base, p[-1] == UInt8(ascii: "/"), p - 1 >= floor || floor == p else { return false }
    return p - 1 == base || p - 1 >= quiet && Bytes.lane(p[-2]) & ~Lane.colon == 0
  }
}
