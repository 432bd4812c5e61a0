/// Values that only their key gives away: `password=…`, `"ssn":"…"`, `patient: …`.
extension ScanPass {
  /// The value behind the `=` or `:` at `i`, if the key before it names personal data or a secret. Returns where to go on.
  ///
  /// - Parameter arrow: 1 when `=>` stands at `i`.
  mutating func keyed(_ i: Pointer, arrow: Int = 0) -> Pointer? {
    guard let key = PersonalKey(endingAt: i, from: base) else { return nil }
    let whole = limit(i)
    let first = i + 1 + arrow
    var start = first
    while start < whole, start - first <= 1, start.pointee == UInt8(ascii: " ") { start += 1 }
    let isSpaced = start > first
    var quote: UInt8 = 0
    if start < whole, start.pointee == UInt8(ascii: "\\") {
      // A document inside of a document: its quotes have backslashes.
      var p = start
      while p < whole, p - start < 4, p.pointee == UInt8(ascii: "\\") { p += 1 }
      if p < whole, Bytes.isQuote(p.pointee) { start = p }
    }
    if start < whole, Bytes.isQuote(start.pointee) {
      quote = start.pointee
      start += 1
    }
    guard start < whole else { return nil }
    if start.pointee == UInt8(ascii: "<"), TokenKind.tag(at: start, before: whole) != nil { return nil }
    switch key {
    case .password:
      if start == i + 1, isPackage(i, start, whole) { return nil }
      return password(start, whole, quote, isSpaced: isSpaced && i.pointee == UInt8(ascii: ":"))
    case .pass:
      let digits = Bytes.afterDigits(start, whole)
      guard digits == start || digits < whole && Bytes.isAlnum(digits.pointee) else { return nil }
      return password(start, whole, quote, isSpaced: isSpaced)
    case .pin:
      let stop = Bytes.afterDigits(start, whole)
      guard stop - start >= 4, stop - start <= 8, stop == whole || !Bytes.isAlnum(stop.pointee) else { return nil }
      return value(.password, start, stop)
    case .secret: return secret(start, whole)
    case .authorization: return authorization(start, whole)
    case .phone:
      let digits = start.pointee == UInt8(ascii: "+") || start.pointee == UInt8(ascii: "(") ? start + 1 : start
      guard let stop = Phones.number(digits, whole, least: 7) else { return nil }
      return value(.phone, start, stop)
    case .ssn:
      if whole - start >= 11, SSN.isWritten(start, UInt8(ascii: "-")) || SSN.isWritten(start, UInt8(ascii: " ")),
        whole - start == 11 || !Bytes.isAlnum(start[11])
      {
        return value(.ssn, start, start + 11)
      }
      if whole - start >= 9, SSN.isUnbroken(start), whole - start == 9 || !Bytes.isAlnum(start[9]) { return value(.ssn, start, start + 9) }
      return nil
    case .iban:
      guard let stop = IBAN.end(start, whole) else { return nil }
      return value(.iban, start, stop)
    case .birthDate:
      guard let stop = Dates.birth(start, whole) else { return nil }
      return value(.birthDate, start, stop)
    case .person(let least):
      guard let stop = Names.end(start, whole, least: least), least == 1 || !Names.isThing(start, stop, keyEnd: i, from: base) else {
        return nil
      }
      return value(.person, start, stop)
    }
  }

  /// Debian has packages `passwd` and `base-passwd`, and its tools write a package with its architecture: `passwd:amd64`.
  private func isPackage(_ i: Pointer, _ start: Pointer, _ whole: Pointer) -> Bool {
    guard i.pointee == UInt8(ascii: ":"), Bytes.endsIgnoringCase(i, base, with: "passwd") else { return false }
    var stop = start
    while stop < whole, Bytes.isAlnum(stop.pointee) { stop += 1 }
    return isPackageEnd(stop, whole) && WordList.contains(WordList.architectures, start, stop)
  }

  /// What stands behind a package's name in the sentences of apt and dpkg: `passwd:amd64=1:4.13`, `(passwd:amd64)`, `passwd:amd64: …`, a full stop.
  private func isPackageEnd(_ stop: Pointer, _ whole: Pointer) -> Bool {
    guard stop < whole else { return true }
    switch stop.pointee {
    case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"), UInt8(ascii: "="), UInt8(ascii: ")"), UInt8(ascii: "]"): return true
    case UInt8(ascii: "."): return whole - stop == 1 || Bytes.isSpace(stop[1]) || stop[1] == UInt8(ascii: ".")
    default: return Bytes.isSpace(stop.pointee) || Bytes.isQuote(stop.pointee)
    }
  }

  mutating func value(_ type: PIIType, _ start: Pointer, _ stop: Pointer) -> Pointer {
    needsRescan = true
    record(type, start, stop, stop)
    return stop
  }

  mutating func password(_ start: Pointer, _ whole: Pointer, _ quote: UInt8, isSpaced: Bool) -> Pointer? {
    // Paths and masks; asked first, so that a chain of such values is not read to its end for each.
    let first = start.pointee
    if quote == 0, first == UInt8(ascii: "/") || first == UInt8(ascii: "*") || first == UInt8(ascii: "[") { return nil }
    var stop = start
    var hasOther = false
    while stop < whole {
      let byte = stop.pointee
      if quote != 0 {
        if byte == quote { break }
        if byte == UInt8(ascii: "\\"), whole - stop >= 2 { stop += 1 }
      } else if Bytes.isSpace(byte) || byte == UInt8(ascii: ",") || byte == UInt8(ascii: ";") || Bytes.isQuote(byte)
        || byte == UInt8(ascii: "&") && start < quiet || byte == UInt8(ascii: ")") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "<")
      {
        break
      }
      if !Bytes.isAlpha(byte) { hasOther = true }
      stop += 1
    }
    guard stop > start else { return nil }
    if quote != 0 {
      // A quote that is never closed: to the next blank.
      guard stop < whole else { return password(start, whole, 0, isSpaced: isSpaced) }
      if Names.isNothing(start, stop) { return nil }
      return value(.password, start, stop)
    }
    // `password: incorrect for …`, `password: 3 attempts left` are sentences; `password: hunter2` is not.
    if isSpaced, stop < whole, stop.pointee == UInt8(ascii: " ") {
      if !hasOther || stop - start < 4 && Bytes.afterDigits(start, stop) == stop { return nil }
    }
    if Names.isPlaceholder(start, stop) { return nil }
    if let p = Bytes.find(UInt8(ascii: "."), stop - 1, stop), p > start, stop == whole, isSpaced { stop -= 1 }
    if Names.isNothing(start, stop) { return nil }
    return value(.password, start, stop)
  }

  /// The word behind `--password`, `--token` or `--secret`.
  @inline(__always)
  mutating func passwordArgument(_ start: Pointer) -> Pointer? {
    let word = start - 1
    guard word - base >= 7 else { return nil }
    // The last letters of the four options.
    switch word[-1] {
    case UInt8(ascii: "d"), UInt8(ascii: "n"), UInt8(ascii: "t"), UInt8(ascii: "y"): return argument(start, word)
    default: return nil
    }
  }

  /// The quoted word behind `PASSWORD `, `passphrase ` or `IDENTIFIED BY `, without a sign between.
  mutating func quotedPassword(_ start: Pointer) -> Pointer? {
    var word = start - 2
    while word > base, start - word < 6, word.pointee == UInt8(ascii: "\\") { word -= 1 }
    guard word - base >= 8, word.pointee == UInt8(ascii: " ") else { return nil }
    let isNamed =
      switch word[-1] | 0x20 {
      case UInt8(ascii: "d"): Bytes.endsIgnoringCase(word, base, with: "password")
      case UInt8(ascii: "e"): Bytes.endsIgnoringCase(word, base, with: "passphrase")
      case UInt8(ascii: "y"): Bytes.endsIgnoringCase(word, base, with: "identified by")
      default: false
      }
    return isNamed ? password(start, limit(start), start[-1], isSpaced: false) : nil
  }

  private mutating func argument(_ start: Pointer, _ word: Pointer) -> Pointer? {
    switch word[-1] {
    case UInt8(ascii: "d"):
      return Bytes.endsIgnoringCase(word, base, with: "--password") || Bytes.endsIgnoringCase(word, base, with: "--passwd")
        ? password(start, limit(start), 0, isSpaced: false) : nil
    case UInt8(ascii: "n"): return Bytes.endsIgnoringCase(word, base, with: "--token") ? secret(start, limit(start)) : nil
    case UInt8(ascii: "t"): return Bytes.endsIgnoringCase(word, base, with: "--secret") ? secret(start, limit(start)) : nil
    case UInt8(ascii: "y"): return Bytes.endsIgnoringCase(word, base, with: "--api-key") ? secret(start, limit(start)) : nil
    default: return nil
    }
  }

  private mutating func secret(_ start: Pointer, _ whole: Pointer) -> Pointer? {
    let stop = AccessKeys.tokenEnd(start, whole)
    guard stop - start >= 16 else { return nil }
    if let token = JWT.end(start, whole) { return value(.jwt, start, token) }
    if stop - start == 20, AccessKeys.isAWS(start) { return value(.awsKey, start, stop) }
    guard AccessKeys.entropy(start, stop) >= 3.5 || stop - start >= 32 && AccessKeys.entropy(start, stop) >= 3.0 else { return nil }
    // A path, a class name, a sentence with dashes: no digit and no capital in the middle.
    var digits = 0
    var capitals = 0
    var p = start
    while p < stop {
      if Bytes.isDigit(p.pointee) { digits += 1 } else if Bytes.isUpper(p.pointee) { capitals += 1 }
      p += 1
    }
    guard digits > 0 || capitals > 3 else { return nil }
    return value(.secret, start, stop)
  }

  private mutating func authorization(_ start: Pointer, _ whole: Pointer) -> Pointer? {
    guard let blank = Bytes.find(UInt8(ascii: " "), start, whole - start > 16 ? start + 16 : whole) else { return nil }
    let isBearer =
      blank - start == 6 && Bytes.startsIgnoringCase(start, blank, with: "bearer")
      || blank - start == 5 && Bytes.startsIgnoringCase(start, blank, with: "token")
    let isBasic = blank - start == 5 && Bytes.startsIgnoringCase(start, blank, with: "basic")
    let first = blank + 1
    guard isBearer || isBasic, first < whole, first.pointee != UInt8(ascii: "<") else { return nil }
    if let token = JWT.end(first, whole) { return value(.jwt, first, token) }
    let stop = AccessKeys.tokenEnd(first, whole)
    guard stop - first >= 8 else { return nil }
    return value(isBasic ? .basicAuth : .bearer, first, stop)
  }
}
