internal import CScan

/// Atoms that hold a digit.
extension ScanPass {
  /// Longer atoms are not looked at closely: they are identifiers. (Lanes count to 255.)
  static let longestAtom = 240
  /// How much of a long run is looked through at once.
  private static let longestPiece = 1024

  /// The digit at `i` is the first of its atom (behind the last colon): finds the atom's ends and says what it is.
  @inline(__always)
  mutating func atom(at i: Pointer) -> Pointer {
    if i < quiet { return quietAtom(at: i) }
    // What is behind a recorded token stays behind.
    let bound = quiet > floor ? quiet : floor
    var offset = UInt64(truncatingIfNeeded: i - origin)
    let gaps = ~(window.atoms & ~window.colons) & ((1 << offset) - 1)
    var start = origin + (64 - gaps.leadingZeroBitCount)
    if gaps == 0 { start = atomStart(i, bound) }
    if start < bound { start = bound }
    var length = (~(window.atoms >> offset)).trailingZeroBitCount
    if Int(offset) + length >= 64, end - origin > 64 {
      // The window cuts the atom: look again from its start on.
      moveWindow(to: start)
      offset = UInt64(truncatingIfNeeded: i - origin)
      guard offset < 64 else { return longAtom(start, i) }
      length = (~(window.atoms >> offset)).trailingZeroBitCount
      if Int(offset) + length >= 64, end - origin > 64 { return longAtom(start, i) }
    }
    let stop = i + length
    // Runs of digits with nothing around them are half of all atoms.
    if start == i, (~(window.digits >> offset)).trailingZeroBitCount == length { return digits(start, stop) }
    return mixedAtom(start, i, stop)
  }

  /// Where the atom begins that reaches back over the start of the window.
  private func atomStart(_ i: Pointer, _ bound: Pointer) -> Pointer {
    var start = i
    while start > bound, Bytes.lane(start[-1]) & ~Lane.colon != 0 { start -= 1 }
    return start
  }

  /// A run of digits and nothing else.
  @inline(__always)
  private mutating func digits(_ start: Pointer, _ stop: Pointer) -> Pointer {
    let count = stop - start
    if count >= 3 || start.pointee == UInt8(ascii: "0"), let next = personalNumber(start, stop, count) { return next }
    record(.number, start, stop)
    return stop
  }

  private mutating func mixedAtom(_ atomStart: Pointer, _ i: Pointer, _ atomEnd: Pointer) -> Pointer {
    var start = atomStart
    var stop = atomEnd
    if stop - start > Self.longestAtom { return longAtom(start, i) }
    var lanes: UInt64 = 0
    for p in start..<stop { lanes &+= Bytes.lane(p.pointee) }
    // Full stops, dashes and the like at the end belong to the sentence. There is a digit, so this ends.
    while Bytes.lane(stop[-1]) & Lane.alnum == 0 {
      stop -= 1
      lanes &-= Bytes.lane(stop.pointee)
    }
    if start == i, lanes & ~Lane.digit == 0 { return digits(start, stop) }
    if start.pointee == UInt8(ascii: "+"), let next = internationalPhone(start) { return next }
    if start < i, let word = undecorated(start, i) {
      while start < word {
        lanes &-= Bytes.lane(start.pointee)
        start += 1
      }
      floor = start
      if start == i, lanes & ~Lane.digit == 0 { return digits(start, stop) }
    }
    if stop - start >= 16, lanes & Lane.letters != 0, let next = credential(start, stop, lanes) { return next }
    if lanes & Lane.glue != 0, let next = emailInside(start, stop) { return next }
    if lanes & Lane.slash != 0, let next = escapedPieces(start, stop) { return next }
    if start > base {
      if start[-1] == UInt8(ascii: " ") {
        if let next = passwordArgument(start) { return next }
      } else if Bytes.isQuote(start[-1]), start - base >= 10, let next = quotedPassword(start) {
        return next
      }
    }
    if let next = form(start, i, stop, lanes) { return next }
    if lanes & Lane.colon != 0 { return pieces(start, i, stop) }
    return piece(start, i, stop, lanes)
  }

  /// The e-mail address that the atom holds.
  private mutating func emailInside(_ start: Pointer, _ stop: Pointer) -> Pointer? {
    if let at = Bytes.find(UInt8(ascii: "@"), start, stop) { return email(at: at) ?? dataSource(at: at) }
    if let at = Bytes.find("%40", start, stop) { return email(at: at, signCount: 3) }
    return nil
  }

  /// What is left of an atom without the decoration in front of the digit at `i`: `@0x1f`, `~12`, `enable......0`. Nil for no decoration.
  private func undecorated(_ start: Pointer, _ i: Pointer) -> Pointer? {
    let before = i[-1]
    guard Bytes.lane(before) & Lane.alnum == 0 else { return nil }
    if i - start >= 3, i[-2] == before, i[-3] == before { return i }
    var p = start
    while p < i, Bytes.lane(p.pointee) & Lane.alnum == 0 { p += 1 }
    guard p == i else { return nil }
    // The sign belongs to the number.
    return before == UInt8(ascii: "-") || before == UInt8(ascii: "+") ? (i - 1 > start ? i - 1 : nil) : i
  }

  /// The forms that are recognised whole.
  private mutating func form(_ start: Pointer, _ i: Pointer, _ stop: Pointer, _ lanes: UInt64) -> Pointer? {
    if start == i {
      if lanes & Lane.letters == 0 {
        if let next = figure(start, stop, lanes) { return next }
      } else if let next = measure(start, stop, lanes) {
        return next
      }
    }
    return strict(start, i, stop, lanes)
  }

  // MARK: Pieces

  /// An atom with colons that is nothing as a whole: the piece that holds `i`, and the numbers that follow it behind colons.
  private mutating func pieces(_ start: Pointer, _ i: Pointer, _ atomEnd: Pointer) -> Pointer {
    var lanes: UInt64 = 0
    var first = start
    while first < atomEnd, first.pointee != UInt8(ascii: ":") {
      lanes &+= Bytes.lane(first.pointee)
      first += 1
    }
    var joined = first
    while joined < atomEnd, joined.pointee == UInt8(ascii: ":") {
      var digits = Bytes.afterDigits(joined + 1, atomEnd)
      guard digits > joined + 1 else { break }
      if digits < atomEnd, digits.pointee == UInt8(ascii: ".") { digits = Bytes.afterDigits(digits + 1, atomEnd) }
      guard digits == atomEnd || digits.pointee == UInt8(ascii: ":") else { break }
      joined = digits
    }
    var stop = first
    while Bytes.lane(stop[-1]) & Lane.alnum == 0 {
      stop -= 1
      lanes &-= Bytes.lane(stop.pointee)
    }
    if joined == first { return form(start, i, stop, lanes) ?? piece(start, i, stop, lanes) }
    // `host-41:9000`, `10.1.2.3:50010:…`, `12:7`: one variable.
    if lanes & ~(Lane.digit | Lane.dot) == 0, Lane.dots(lanes) == 3, let address = IPv4(start, stop) {
      foundIPv4(address, start, stop, joined, whole: false)
      return joined
    }
    if Lane.dots(lanes) >= 3 { findEmbedded(start, stop) }
    record(lanes & ~(Lane.digit | Lane.dot | Lane.dash) == 0 ? .number : .identifier, start, joined)
    return joined
  }

  /// An atom, or a piece of one, without colons.
  private mutating func piece(_ start: Pointer, _ i: Pointer, _ stop: Pointer, _ lanes: UInt64) -> Pointer {
    if start < i {
      let before = i[-1]
      // `-17`; `node-129`, `core.2275`, `HTTP/1.1`: a word, one separator, a number.
      if Bytes.lane(before) & Lane.alnum == 0, before != UInt8(ascii: "_"), isNumber(i, stop) {
        if i - start == 1 {
          record(.number, start, stop)
          return stop
        }
        if isWord(start, i - 1) {
          // `localhost/10.1.2.3`; with other numbers it is a program's version.
          if Lane.dots(lanes) >= 3, before != UInt8(ascii: "-"), let address = IPv4(i, stop),
            address.isPrivate || before == UInt8(ascii: "@") && !address.isImpersonal
          {
            find(.ipv4, i, stop)
          }
          if stop - i >= 14, stop - i <= 16, let card = CreditCard.end(i, end), card == stop { return personal(.creditCard, i, stop) }
          record(.number, i, stop)
          return stop
        }
      }
    }
    let digits = Lane.digits(lanes)
    let isCompound = lanes & ~Lane.alnum != 0
    if Lane.dots(lanes) >= 3 { findEmbedded(start, stop) }
    if digits >= 14, digits <= 16, start < i, i[-1] == UInt8(ascii: "_"), let card = CreditCard.end(i, end), card == stop {
      return personal(.creditCard, i, stop)
    }
    if digits >= 2 || isCompound || start == i || isValue(start), digits > 4 || !Terms.contains(start, stop) {
      record(Lane.slashes(lanes) >= 2 ? .path : .identifier, start, stop)
      return stop
    }
    // A name with one digit in it (`ssh2`, `eth0`) stays as it is.
    floor = stop
    return stop
  }

  /// Whether [start, stop) is digits with dots between them.
  private func isNumber(_ start: Pointer, _ stop: Pointer) -> Bool {
    var p = start
    while p < stop {
      guard Bytes.isDigit(p.pointee) || p.pointee == UInt8(ascii: ".") && p > start else { return false }
      p += 1
    }
    return p > start
  }

  /// Whether [start, stop) is letters with dots, or nothing but decoration.
  private func isWord(_ start: Pointer, _ stop: Pointer) -> Bool {
    var p = start
    while p < stop {
      let byte = p.pointee
      guard Bytes.isAlpha(byte) || byte == UInt8(ascii: ".") || byte >= 0x80 else { return false }
      p += 1
    }
    return true
  }

  /// Whether what begins here is the value of a key.
  func isValue(_ start: Pointer) -> Bool {
    guard start > base else { return false }
    switch start[-1] {
    case UInt8(ascii: "="), UInt8(ascii: ":"): return true
    case UInt8(ascii: "\""), UInt8(ascii: "'"):
      return start - base >= 2 && (start[-2] == UInt8(ascii: "=") || start[-2] == UInt8(ascii: ":"))
    default: return false
    }
  }

  /// An atom that does not fit into the window; `i` is inside it.
  private mutating func longAtom(_ start: Pointer, _ i: Pointer) -> Pointer {
    // Before the end is looked for: a chain of tokens must not be read to its end for each.
    if start.pointee == UInt8(ascii: "e"), let token = JWT.end(start, end) { return personal(.jwt, start, token) }
    var stop = i
    while stop < end, Bytes.lane(stop.pointee) != 0 { stop += 1 }
    if stop - start <= Self.longestAtom { return mixedAtom(start, i, stop) }
    if let next = longCredential(start, stop) { return next }
    // Personal data inside is still looked for, as in a URL.
    record(.identifier, start, stop)
    floor = start
    quiet = stop
    return quietAtom(at: i)
  }

  /// An atom inside a URL or a path, where slashes end it: only its personal data counts.
  private mutating func quietAtom(at i: Pointer) -> Pointer {
    var start = i
    while start > floor, Bytes.lane(start[-1]) & ~(Lane.slash | Lane.colon) != 0 { start -= 1 }
    var stop = i
    var lanes: UInt64 = 0
    let limit = quiet - start > Self.longestPiece ? start + Self.longestPiece : quiet
    while stop < limit, Bytes.lane(stop.pointee) & ~Lane.slash != 0 { stop += 1 }
    while Bytes.lane(stop[-1]) & Lane.alnum == 0 { stop -= 1 }
    guard stop - start <= Self.longestAtom else { return longPersonal(start, stop) }
    for p in start..<stop { lanes &+= Bytes.lane(p.pointee) }
    if let next = quietPersonal(start, stop, lanes) { return next }
    floor = stop
    return stop
  }

  mutating func quietPersonal(_ start: Pointer, _ stop: Pointer, _ lanes: UInt64) -> Pointer? {
    if start.pointee == UInt8(ascii: "+"), let next = internationalPhone(start) { return next }
    if stop - start >= 16, lanes & Lane.letters != 0, let next = credential(start, stop, lanes) { return next }
    if lanes & Lane.glue != 0, let next = emailInside(start, stop) { return next }
    if lanes & Lane.letters == 0 {
      if Lane.dots(lanes) == 3, let address = IPv4(prefixOf: start, stop), !address.isImpersonal, !isVersion(start) {
        find(.ipv4, start, address.end)
        floor = stop
        return stop
      }
      if let next = personalNumber(start, stop, stop - start) { return next }
    }
    if Lane.otherLetters(lanes) == 0, let next = hardware(start, stop, lanes) ?? addressV6(start, stop, lanes) { return next }
    return bankAccount(start, stop, lanes)
  }

  /// A long run inside a URL, a path or an identifier: keys of any length, and e-mail addresses.
  private mutating func longPersonal(_ start: Pointer, _ stop: Pointer) -> Pointer {
    if let next = longCredential(start, stop) { return next }
    var p = start
    while let at = Bytes.find(UInt8(ascii: "@"), p, stop) { p = email(at: at) ?? at + 1 }
    // An address may begin in this piece and go on in the next.
    floor = max(floor, stop - 64)
    return max(stop, p)
  }
}
