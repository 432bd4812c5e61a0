/// Personal data by form: e-mail addresses, phone and card numbers, social-security numbers, bank accounts.
extension ScanPass {
  /// The `@` outside any other token.
  mutating func sign(at i: Pointer) -> Pointer { email(at: i) ?? dataSource(at: i) ?? i + 1 }

  /// The e-mail address around the `@` at `i`, or around `%40`, which has three bytes.
  mutating func email(at i: Pointer, signCount: Int = 1) -> Pointer? {
    var start = i
    while start > floor, i - start <= 64 {
      if Bytes.isLocalPart(start[-1]) {
        start -= 1
      } else if start - floor >= 2, Bytes.isAccented(start - 2, start) {
        start -= 2
      } else {
        break
      }
    }
    // `<` and `>` as JSON writers escape them.
    if i - start > 5, start > base, start[-1] == UInt8(ascii: "\\"), Bytes.starts(start, i, with: "u003") { start += 5 }
    while start < i, !Bytes.isAlnum(start.pointee), start.pointee != UInt8(ascii: "_"), start.pointee < 0x80 { start += 1 }
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
    if count >= 2, start.pointee == UInt8(ascii: "0") || count >= 7 || count == 3 || count == 5, let next = namedPhone(start, stop) {
      return next
    }
    guard count == 3 || count == 4 || count == 9 || count >= 11 && count <= 26 else { return nil }
    return longNumber(start, stop, count)
  }

  /// A number behind a word that says it is a phone's, and a blank: `mobile 0151 23456789`, `phone number 415 555 0132`.
  @inline(__always)
  private mutating func namedPhone(_ start: Pointer, _ stop: Pointer) -> Pointer? {
    guard start - base >= 4, start[-1] == UInt8(ascii: " ") || start[-1] == UInt8(ascii: "(") && start[-2] == UInt8(ascii: " ") else {
      return nil
    }
    let word = start[-1] == UInt8(ascii: " ") ? start - 1 : start - 2
    // The last letters of the words.
    switch word[-1] | 0x20 {
    case UInt8(ascii: "e"), UInt8(ascii: "l"), UInt8(ascii: "x"), UInt8(ascii: "r"), UInt8(ascii: "n"), UInt8(ascii: "."):
      return phone(behind: word, start)
    default: return nil
    }
  }

  private mutating func phone(behind wordEnd: Pointer, _ start: Pointer) -> Pointer? {
    guard Phones.isNamed(before: wordEnd, base), let stop = Phones.number(start, end, least: 7) else { return nil }
    needsRescan = true
    return personal(.phone, start[-1] == UInt8(ascii: "(") ? start - 1 : start, stop)
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
    if let card = CreditCard.end(start, end), card >= stop || card.pointee == UInt8(ascii: "/"), card - start > 13 || isCalledCard(start) {
      return personal(.creditCard, start, card)
    }
    return nil
  }

  /// Thirteen digits are a card's only where a word says so: article numbers are as long.
  private func isCalledCard(_ start: Pointer) -> Bool {
    let first = start - base > 24 ? start - 24 : base
    return Bytes.find("card", first, start) != nil || Bytes.find("Card", first, start) != nil || Bytes.find("pan", first, start) != nil
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
      Bytes.endsIgnoringCase(word, base, with: "call") || Bytes.endsIgnoringCase(word, base, with: "sms to")
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
