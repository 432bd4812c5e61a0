/// Personal data by form: e-mail addresses, phone and card numbers, social-security numbers, bank accounts.
extension ScanPass {
  /// The `@` outside any other token.
  mutating func sign(at i: Pointer) -> Pointer { email(at: i) ?? i + 1 }

  /// The e-mail address around the `@` at `i`, or around `%40`, which has three bytes.
  mutating func email(at i: Pointer, signCount: Int = 1) -> Pointer? {
    var start = i
    while start > floor, Bytes.isLocalPart(start[-1]), i - start <= 64 { start -= 1 }
    while start < i, !Bytes.isAlnum(start.pointee), start.pointee != UInt8(ascii: "_") { start += 1 }
    guard start < i, i - start <= 64, i[-1] != UInt8(ascii: ".") else { return nil }
    guard let stop = Domains.end(i + signCount, end) else { return nil }
    // The usual account of Git over SSH is nobody's address.
    if i - start == 3, Bytes.starts(start, i, with: "git") { return nil }
    return personal(.email, start, stop)
  }

  /// Card, social-security or national phone number that begins with the digits at `start`; [start, stop) is the atom, of `count` bytes.
  @inline(__always)
  mutating func personalNumber(_ start: Pointer, _ stop: Pointer, _ count: Int) -> Pointer? {
    // Only atoms that may begin one; most numbers are shorter.
    guard count == 3 || count == 4 || count == 9 || count >= 11 && count <= 23 else { return nil }
    return longNumber(start, stop, count)
  }

  private mutating func longNumber(_ start: Pointer, _ stop: Pointer, _ count: Int) -> Pointer? {
    if count == 3 {
      // `(212) 555-0187`
      guard start > base else { return nil }
      if start[-1] == UInt8(ascii: "("), start - 1 >= floor, let phone = Phones.bracketed(start, end) {
        return personal(.phone, start - 1, phone)
      }
      return stop < end && stop.pointee == UInt8(ascii: " ") && start[-1] == UInt8(ascii: " ") ? spacedNumber(start) : nil
    }
    if count == 9, start > base, Bytes.endsIgnoringCase(start, base, with: "ssn "), SSN.isUnbroken(start) {
      needsRescan = true
      return personal(.ssn, start, stop)
    }
    if count == 11, SSN.isWritten(start, UInt8(ascii: "-")) { return personal(.ssn, start, stop) }
    if count == 12, Phones.isNational(start) { return personal(.phone, start, stop) }
    if count == 14, start[0] == UInt8(ascii: "1"), start[1] == start[5], Phones.isNational(start + 2) {
      return personal(.phone, start, stop)
    }
    if let card = CreditCard.end(start, end), card >= stop { return personal(.creditCard, start, card) }
    return nil
  }

  /// Groups with blanks between them, behind a word that says what they are: `phone 415 555 0132`, `SSN 457 55 5462`.
  private mutating func spacedNumber(_ start: Pointer) -> Pointer? {
    let word = start - 1
    if end - start >= 11, SSN.isWritten(start, UInt8(ascii: " ")), Bytes.endsIgnoringCase(word, base, with: "ssn"),
      end - start == 11 || !Bytes.isAlnum(start[11])
    {
      needsRescan = true
      return personal(.ssn, start, start + 11)
    }
    guard end - start >= 12, Phones.isNational(start), end - start == 12 || !Bytes.isAlnum(start[12]) else { return nil }
    let isNamed =
      Bytes.endsIgnoringCase(word, base, with: "phone") || Bytes.endsIgnoringCase(word, base, with: "call")
      || Bytes.endsIgnoringCase(word, base, with: "tel") || Bytes.endsIgnoringCase(word, base, with: "mobile")
      || Bytes.endsIgnoringCase(word, base, with: "fax") || Bytes.endsIgnoringCase(word, base, with: "sms to")
      || Bytes.endsIgnoringCase(word, base, with: "called") || Bytes.endsIgnoringCase(word, base, with: "dial")
    guard isNamed else { return nil }
    needsRescan = true
    return personal(.phone, start, start + 12)
  }

  /// `+` and the digits of a phone number, with separators.
  mutating func internationalPhone(_ start: Pointer) -> Pointer? {
    guard let stop = Phones.international(start, end) else { return nil }
    return personal(.phone, start, stop)
  }

  /// An IBAN, unbroken or in groups of four.
  mutating func bankAccount(_ start: Pointer, _ stop: Pointer, _ lanes: UInt64) -> Pointer? {
    guard stop - start >= 4, Bytes.isUpper(start[0]), Bytes.isUpper(start[1]), Bytes.isDigit(start[2]), Bytes.isDigit(start[3]),
      lanes & ~Lane.alnum == 0, let account = IBAN.end(start, end), account >= stop
    else { return nil }
    return personal(.iban, start, account)
  }
}
