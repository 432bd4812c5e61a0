/// Personal data that a detector must find: valid in form and check digits, and nobody's.
extension LineWriter {
  /// `anna.keller42@example.org`
  mutating func email(_ bits: UInt64) {
    text(ShopWords.pick(ShopWords.firstNames, bits))
    byte(bits & 1 == 0 ? UInt8(ascii: ".") : UInt8(ascii: "_"))
    text(ShopWords.pick(ShopWords.lastNames, bits >> 8))
    decimal(bits >> 24 & 127)
    byte(UInt8(ascii: "@"))
    text(ShopWords.pick(ShopWords.domains, bits >> 32))
  }

  /// `+49 151 23456789`, or a number of the range that is kept for fiction: `+1 (202) 555-0147`.
  mutating func phone(_ bits: UInt64) {
    if bits & 1 == 0 {
      text("+49 15")
      decimal(bits >> 4 & 7)
      byte(0x20)
      decimal(bits >> 8 % 90_000_000 + 10_000_000)
    } else {
      text("+1 (")
      decimal(bits >> 8 % 700 + 201)
      text(") 555-01")
      decimal(bits >> 24, digits: 2)
    }
  }

  /// Sixteen digits, the last of them by Luhn's rule, in groups of four or in one.
  mutating func card(_ bits: UInt64) {
    let prefix: UInt64 = bits & 1 == 0 ? 4 : 5
    let digits = prefix * 100_000_000_000_000 + (bits >> 2) % 100_000_000_000_000
    var rest = digits
    var sum: UInt64 = 0
    for place in 0..<15 {  // from the right; the digit next to the check digit is doubled first
      let digit = rest % 10
      let doubled = digit * 2
      sum += place % 2 == 0 ? (doubled > 9 ? doubled - 9 : doubled) : digit
      rest /= 10
    }
    let number = digits * 10 + (10 - sum % 10) % 10
    guard bits & 2 == 0 else { return decimal(number, digits: 16) }
    for group in 0..<4 {
      if group > 0 { byte(0x20) }
      decimal(number / Self.powers[3 - group], digits: 4)
    }
  }

  private static let powers: [UInt64] = [1, 10_000, 100_000_000, 1_000_000_000_000]

  /// A German or Swiss account number with valid check digits (ISO 7064, modulo 97), in groups of four or in one.
  mutating func iban(_ bits: UInt64) {
    let isGerman = bits & 1 == 0
    let digits = isGerman ? 18 : 17
    let account = (bits >> 2) % (isGerman ? 1_000_000_000_000_000_000 : 100_000_000_000_000_000)
    // The country's letters count as 13 14 (DE) and 12 17 (CH) behind the account; 10^6 leaves 1,000,000 mod 97 = 27.
    let check = 98 - (account % 97 * 27 + (isGerman ? 131_400 : 121_700)) % 97
    let start = end
    text(isGerman ? "DE" : "CH")
    decimal(check, digits: 2)
    decimal(account, digits: digits)
    if bits & 2 == 0 { group(from: start) }
  }

  /// Puts a blank before every fifth byte since `start`.
  private mutating func group(from start: UnsafeMutablePointer<UInt8>) {
    let count = end - start
    let blanks = (count - 1) / 4
    var source = count - 1
    var target = source + blanks
    while source > 0 {
      start[target] = start[source]
      target -= 1
      if source % 4 == 0 {
        start[target] = 0x20
        target -= 1
      }
      source -= 1
    }
    advance(blanks)
  }

  /// A JSON web token in form: three parts in URL-safe base 64, the first of them a real header.
  mutating func token(_ random: inout ShopRandom) {
    text("eyJhbGciOiJIUzI1NiJ9.")
    for part in [30, 43] {
      if part == 43 { byte(UInt8(ascii: ".")) }
      var bits: UInt64 = 0
      for i in 0..<part {
        if i % 10 == 0 { bits = random.next() }
        byte(Self.base64[Int(bits & 63)])
        bits >>= 6
      }
    }
  }

  private static let base64 = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
}
