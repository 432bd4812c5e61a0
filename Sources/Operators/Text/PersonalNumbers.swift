/// Payment card numbers: 13 to 19 digits, an issuer's prefix and length, the Luhn check digit.
enum CreditCard {
  typealias Pointer = UnsafePointer<UInt8>

  /// The end of the card number at `start`: unbroken, or in the groups of its issuer with one kind of separator.
  static func end(_ start: Pointer, _ end: Pointer) -> Pointer? {
    var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
    return withUnsafeMutableBytes(of: &digits) { buffer in
      var count = 0
      var groups = 0
      var separator: UInt8 = 0
      var p = start
      var lengths: UInt32 = 0  // four bits a group
      while p < end {
        let first = p
        while p < end, Bytes.isDigit(p.pointee) {
          guard count < 19 else { return nil }
          buffer[count] = p.pointee &- 0x30
          count += 1
          p += 1
        }
        guard p > first, groups < 5 else { return nil }
        lengths = lengths << 4 | UInt32(min(p - first, 15))
        groups += 1
        if isComplete(lengths, groups, count) { break }
        guard p < end, p.pointee == UInt8(ascii: " ") || p.pointee == UInt8(ascii: "-"), separator == 0 || p.pointee == separator else {
          return nil
        }
        separator = p.pointee
        p += 1
      }
      guard isComplete(lengths, groups, count), p == end || !Bytes.isAlnum(p.pointee) else { return nil }
      // A fraction, or a longer chain of digits.
      if p < end, p.pointee == UInt8(ascii: ".") || p.pointee == UInt8(ascii: "-") || p.pointee == UInt8(ascii: "_"), p + 1 < end,
        Bytes.isDigit(p[1])
      {
        return nil
      }
      return isIssued(buffer, count) && passesLuhn(buffer, count) ? p : nil
    }
  }

  private static func isComplete(_ lengths: UInt32, _ groups: Int, _ count: Int) -> Bool {
    switch groups {
    case 1: count >= 13
    case 3: lengths == 0x465 || lengths == 0x464
    case 4: lengths == 0x4444
    default: false
    }
  }

  private static func isIssued(_ digits: UnsafeMutableRawBufferPointer, _ count: Int) -> Bool {
    let two = Int(digits[0]) * 10 + Int(digits[1])
    let four = two * 100 + Int(digits[2]) * 10 + Int(digits[3])
    switch two {
    case 40...49: return count == 13 || count == 16 || count == 19
    case 51...55: return count == 16
    case 22...27: return count == 16 && four >= 2221 && four <= 2720
    case 34, 37: return count == 15
    case 36, 38, 39: return count == 14
    case 30: return count == 14 && four <= 3059
    case 60: return count == 16 && (four == 6011 || four / 100 == 60)
    case 62, 64, 65: return count >= 16
    case 35: return count == 16 && four >= 3528 && four <= 3589
    case 50, 56...58, 63, 67: return count >= 13
    default: return false
    }
  }

  private static func passesLuhn(_ digits: UnsafeMutableRawBufferPointer, _ count: Int) -> Bool {
    var sum = 0
    for i in 0..<count {
      var digit = Int(digits[count - 1 - i])
      if i & 1 == 1 {
        digit *= 2
        if digit > 9 { digit -= 9 }
      }
      sum += digit
    }
    return sum % 10 == 0
  }
}

/// United States social-security numbers: area not 000, 666 or 9xx, group not 00, serial not 0000.
enum SSN {
  /// Eleven bytes `AAA-GG-SSSS` with this separator.
  static func isWritten(_ p: UnsafePointer<UInt8>, _ separator: UInt8) -> Bool {
    guard p[3] == separator, p[6] == separator else { return false }
    for i in 0..<11 where i != 3 && i != 6 {
      guard Bytes.isDigit(p[i]) else { return false }
    }
    return isAssigned(p, p + 4, p + 7)
  }

  /// Nine digits.
  static func isUnbroken(_ p: UnsafePointer<UInt8>) -> Bool {
    for i in 0..<9 {
      guard Bytes.isDigit(p[i]) else { return false }
    }
    return isAssigned(p, p + 3, p + 5)
  }

  private static func isAssigned(_ area: UnsafePointer<UInt8>, _ group: UnsafePointer<UInt8>, _ serial: UnsafePointer<UInt8>) -> Bool {
    let zero = UInt8(ascii: "0")
    let six = UInt8(ascii: "6")
    if area[0] == UInt8(ascii: "9") || area[0] == zero && area[1] == zero && area[2] == zero { return false }
    if area[0] == six && area[1] == six && area[2] == six { return false }
    if group[0] == zero && group[1] == zero { return false }
    return !(serial[0] == zero && serial[1] == zero && serial[2] == zero && serial[3] == zero)
  }
}

/// Phone numbers in the forms that people and programs write.
enum Phones {
  typealias Pointer = UnsafePointer<UInt8>

  /// `+1 415 555 0132`, `+442079460958`, `+49 (30) 901820`: a country code and 7 to 15 digits in all.
  static func international(_ start: Pointer, _ end: Pointer) -> Pointer? {
    guard end - start >= 9, start[0] == UInt8(ascii: "+"), start[1] &- 0x31 <= 8 else { return nil }
    return number(start + 1, end, least: 8, isInternational: true)
  }

  /// Twelve bytes `415-555-0199`, `415.555.0199` or `415 555 0199`: area and exchange do not begin with 0 or 1.
  static func isNational(_ p: Pointer) -> Bool {
    let separator = p[3]
    guard separator == UInt8(ascii: "-") || separator == UInt8(ascii: ".") || separator == UInt8(ascii: " "), p[7] == separator else {
      return false
    }
    for i in 0..<12 where i != 3 && i != 7 {
      guard Bytes.isDigit(p[i]) else { return false }
    }
    return p[0] >= UInt8(ascii: "2") && p[4] >= UInt8(ascii: "2")
  }

  /// `212) 555-0187`, whose opening bracket stands before `p`: where it ends.
  static func bracketed(_ p: Pointer, _ end: Pointer) -> Pointer? {
    guard end - p >= 12, p[3] == UInt8(ascii: ")"), p[0] >= UInt8(ascii: "2") else { return nil }
    let q = p[4] == UInt8(ascii: " ") ? p + 5 : p + 4
    guard end - q >= 8, q[0] >= UInt8(ascii: "2"), q[3] == UInt8(ascii: "-") || q[3] == UInt8(ascii: ".") || q[3] == UInt8(ascii: " ")
    else {
      return nil
    }
    for i in 0..<8 where i != 3 {
      guard Bytes.isDigit(q[i]) else { return nil }
    }
    return end - q == 8 || !Bytes.isAlnum(q[8]) ? q + 8 : nil
  }

  /// Whether the word that ends at `wordEnd` says that a phone's number follows: `mobile`, `Tel.`, `phone number`.
  static func isNamed(before wordEnd: Pointer, _ base: Pointer) -> Bool {
    var word = wordEnd
    if Bytes.endsIgnoringCase(word, base, with: " number") { word -= 7 }
    if word > base, word[-1] == UInt8(ascii: ".") { word -= 1 }
    return Bytes.endsIgnoringCase(word, base, with: "phone") || Bytes.endsIgnoringCase(word, base, with: "mobile")
      || Bytes.endsIgnoringCase(word, base, with: "telefon") || Bytes.endsIgnoringCase(word, base, with: "msisdn")
      || isWord("tel", endingAt: word, from: base) || isWord("fax", endingAt: word, from: base)
      || isWord("cell", endingAt: word, from: base) || isWord("mobil", endingAt: word, from: base)
  }

  private static func isWord(_ word: StaticString, endingAt stop: Pointer, from base: Pointer) -> Bool {
    guard Bytes.endsIgnoringCase(stop, base, with: word) else { return false }
    let start = stop - word.utf8CodeUnitCount
    return start == base || !Bytes.isAlnum(start[-1])
  }

  /// Groups of digits with single separators, `least` to 15 digits in all, as after a `+` or a key that says phone.
  ///
  /// - Parameter isInternational: the first group is a country's code: the area may be one digit, and `(0)` may stand between.
  static func number(_ start: Pointer, _ end: Pointer, least: Int, isInternational: Bool = false) -> Pointer? {
    var p = start
    var digits = 0
    var stop = start
    var stopDigits = 0
    while p < end {
      let first = p
      p = Bytes.afterDigits(p, end < p + 16 ? end : p + 16)
      guard p > first else { break }
      digits += p - first
      // A group that runs into letters (or a clock) is the next word.
      guard digits <= 15, p == end || !Bytes.isAlnum(p.pointee) && !(p.pointee == UInt8(ascii: ":") && end - p > 1 && Bytes.isDigit(p[1]))
      else { break }
      stop = p
      stopDigits = digits
      guard p < end else { break }
      switch p.pointee {
      case UInt8(ascii: "-"), UInt8(ascii: "."): p += 1
      case UInt8(ascii: "/") where digits <= 6: p += 1
      case UInt8(ascii: " "):
        p += 1
        if p < end, p.pointee == UInt8(ascii: "(") { p += 1 }
      case UInt8(ascii: ")"):
        p += 1
        if p < end, p.pointee == UInt8(ascii: " ") || p.pointee == UInt8(ascii: "-") { p += 1 }
      case UInt8(ascii: "("): p += 1
      default: p = end
      }
      if isInternational, digits <= 3, end - p >= 2, Bytes.isDigit(p[0]) {
        if p[0] == UInt8(ascii: "0"), p[1] == UInt8(ascii: ")"), p[-1] == UInt8(ascii: "(") { continue }
        if !Bytes.isDigit(p[1]) { continue }
      }
      // Groups of the national number have two digits at least; a shorter one is another word.
      guard end - p >= 2, Bytes.isDigit(p[0]), Bytes.isDigit(p[1]) else { break }
    }
    return stopDigits >= least ? stop : nil
  }
}
