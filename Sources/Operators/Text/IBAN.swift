/// International bank account numbers: the length of the country, and 97 as the modulus of the check digits.
enum IBAN {
  typealias Pointer = UnsafePointer<UInt8>

  /// The end of the account number at `start`, unbroken or in groups of four; nil when it is none.
  static func end(_ start: Pointer, _ end: Pointer) -> Pointer? {
    guard end - start >= 15, let length = length(start[0], start[1]) else { return nil }
    let isGrouped = start[4] == UInt8(ascii: " ")
    var remainder = 0
    // The check rotates the first four characters to the end.
    var p = start
    var seen = 0
    var head: (Int, Int, Int, Int) = (0, 0, 0, 0)
    while seen < length {
      if isGrouped, seen > 0, seen % 4 == 0 {
        guard p < end, p.pointee == UInt8(ascii: " ") else { return nil }
        p += 1
      }
      guard p < end, let value = value(p.pointee) else { return nil }
      switch seen {
      case 0: head.0 = value
      case 1: head.1 = value
      case 2: head.2 = value
      case 3: head.3 = value
      default: remainder = append(value, to: remainder)
      }
      seen += 1
      p += 1
    }
    for value in [head.0, head.1, head.2, head.3] { remainder = append(value, to: remainder) }
    guard remainder == 1, p == end || !Bytes.isAlnum(p.pointee) else { return nil }
    return p
  }

  private static func append(_ value: Int, to remainder: Int) -> Int {
    (value >= 10 ? remainder * 100 + value : remainder * 10 + value) % 97
  }

  private static func value(_ byte: UInt8) -> Int? {
    if Bytes.isDigit(byte) { return Int(byte &- 0x30) }
    if Bytes.isUpper(byte) { return Int(byte &- 0x41) + 10 }
    return nil
  }

  /// Countries and their lengths, as the registry lists them.
  private static let table: StaticString = """
    AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28\
    HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29\
    PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30
    """

  private static func length(_ first: UInt8, _ second: UInt8) -> Int? {
    let p = table.utf8Start
    var i = 0
    while i < table.utf8CodeUnitCount {
      if p[i] == first, p[i + 1] == second { return Int(p[i + 2] &- 0x30) * 10 + Int(p[i + 3] &- 0x30) }
      i += 4
    }
    return nil
  }
}
