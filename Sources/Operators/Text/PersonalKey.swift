/// A key whose value is personal data or a secret.
enum PersonalKey {
  case password
  /// `pass`: a password unless the value is a number (`pass=3 fail=0`).
  case pass
  case pin
  case secret
  case authorization
  case phone
  case ssn
  case iban
  case birthDate
  /// A person's name, of at least so many words.
  case person(least: Int)

  /// Reads the key that ends before the `=` or `:` at `i` (a blank or quotes may stand between).
  ///
  /// Keys are compared without `_`, `-` and case.
  init?(endingAt i: UnsafePointer<UInt8>, from base: UnsafePointer<UInt8>) {
    var stop = i
    if stop > base, stop[-1] == UInt8(ascii: " ") { stop -= 1 }
    if stop > base, Bytes.isQuote(stop[-1]) { stop -= 1 }
    while stop > base, i - stop < 6, stop[-1] == UInt8(ascii: "\\") { stop -= 1 }
    var letters = LastLetters()
    var p = stop
    while p > base, Bytes.isKey(p[-1]), stop - p < 40 {
      // The letter of an escaped line end is none of the key's.
      if p - base >= 2, p[-2] == UInt8(ascii: "\\"), Bytes.isEscape(p[-1]) { break }
      p -= 1
      letters.prepend(p.pointee)
    }
    guard letters.count >= 2 else { return nil }
    if letters.isWhole("name"), p > base, p[-1] == UInt8(ascii: " "), WordList.ends(WordList.partsOfNames, p - 1, from: base) {
      // `First name: …`
      self = .person(least: 1)
    } else if let key = Self.table(letters) {
      self = key
    } else if letters.isWhole("number") || letters.isWhole("no"), p > base, p[-1] == UInt8(ascii: " "), Phones.isNamed(before: p - 1, base)
    {
      // `Phone number: …`
      self = .phone
    } else {
      return nil
    }
  }

  /// By the last letter: most keys are compared with a few words only.
  private static func table(_ key: LastLetters) -> PersonalKey? {
    switch key.last {
    case UInt8(ascii: "d"):
      if key.ends("password") || key.ends("passwd") || key.isLast("pwd") { return .password }
      return key.ends("nameoncard") ? .person(least: 2) : nil
    case UInt8(ascii: "e"):
      if key.ends("name") { return name(key) }
      if key.ends("phone") || key.isLast("mobile") { return .phone }
      if key.ends("passphrase") || key.ends("passcode") { return .password }
      if key.ends("pincode") { return .pin }
      if key.ends("birthdate") { return .birthDate }
      if key.ends("secretkeybase") { return .secret }
      return key.isLast("employee") || key.isLast("payee") || key.isLast("nurse") ? .person(least: 2) : nil
    case UInt8(ascii: "t"):
      if key.ends("secret") { return .secret }
      if key.ends("passwort") || key.ends("kennwort") { return .password }
      if key.isLast("patient") { return .person(least: 1) }
      return key.isLast("applicant") || key.isLast("recipient") || key.isLast("guest") || key.isLast("student") || key.isLast("tenant")
        || key.isLast("client") ? .person(least: 2) : nil
    case UInt8(ascii: "n"):
      if key.ends("token") { return key.ends("publickeytoken") ? nil : .secret }
      if key.isLast("pin") { return .pin }
      if key.ends("authorization") { return .authorization }
      if key.ends("msisdn") || key.ends("telefon") { return .phone }
      if key.isLast("ssn") { return .ssn }
      if key.isLast("iban") { return .iban }
      if key.isLast("born") { return .birthDate }
      return key.isLast("person") ? .person(least: 2) : nil
    case UInt8(ascii: "y"):
      if key.ends("key") { return secretKey(key) }
      if key.ends("birthday") { return .birthDate }
      return key.isLast("beneficiary") ? .person(least: 2) : nil
    case UInt8(ascii: "r"):
      if key.ends("number") {
        if key.ends("phonenumber") || key.ends("mobilenumber") { return .phone }
        return key.ends("socialsecuritynumber") ? .ssn : nil
      }
      return key.isLast("cardholder") ? .person(least: 1) : isPerson(key) ? .person(least: 2) : nil
    case UInt8(ascii: "s"):
      return key.isLast("pass") || key.ends("requirepass") || key.ends("dbpass") || key.ends("userpass") || key.ends("keypass")
        || key.ends("storepass") || key.ends("authpass") || key.ends("adminpass") || key.ends("rootpass") ? .pass : nil
    case UInt8(ascii: "l"): return key.isLast("tel") || key.isLast("cell") || key.isLast("mobil") ? .phone : nil
    case UInt8(ascii: "w"): return key.isLast("pw") ? .password : nil
    case UInt8(ascii: "x"): return key.isLast("fax") ? .phone : nil
    case UInt8(ascii: "o"): return key.ends("telefono") ? .phone : nil
    case UInt8(ascii: "b"): return key.isLast("dob") ? .birthDate : nil
    case UInt8(ascii: "h"): return key.ends("dateofbirth") || key.isLast("birth") ? .birthDate : nil
    case UInt8(ascii: "m"): return key.ends("geburtsdatum") ? .birthDate : nil
    default: return nil
    }
  }

  private static func secretKey(_ key: LastLetters) -> PersonalKey? {
    key.ends("apikey") || key.ends("accesskey") || key.ends("secretkey") || key.ends("privatekey") || key.ends("authkey")
      || key.ends("accountkey") || key.ends("encryptionkey") || key.ends("signingkey") ? .secret : nil
  }

  /// Whether the key names a person by what they do, in a word that ends with `r`.
  private static func isPerson(_ key: LastLetters) -> Bool {
    key.isLast("customer") || key.isLast("passenger") || key.isLast("holder") || key.isLast("payer") || key.isLast("member")
      || key.isLast("doctor") || key.isLast("owner") || key.isLast("author") || key.isLast("driver") || key.isLast("buyer")
      || key.isLast("sender") || key.isLast("receiver") || key.isLast("user") || key.ends("accountholder")
  }

  /// What a key that ends with `name` says.
  private static func name(_ key: LastLetters) -> PersonalKey? {
    if key.ends("fullname") || key.ends("firstname") || key.ends("lastname") || key.isLast("surname") || key.ends("givenname")
      || key.ends("familyname") || key.ends("middlename") || key.ends("maidenname") || key.ends("patientname") || key.ends("holdername")
      || key.ends("employeename") || key.ends("contactname") || key.ends("customername")
    {
      return .person(least: 1)
    }
    if key.isWhole("name") || key.ends("legalname") || key.ends("realname") || key.ends("displayname") || key.ends("studentname")
      || key.ends("billingname") || key.ends("shippingname") || key.ends("recipientname") || key.ends("beneficiaryname")
      || key.ends("passengername") || key.ends("guestname") || key.ends("membername") || key.ends("payeename") || key.ends("ownername")
      || key.ends("sendername") || key.ends("receivername") || key.ends("authorname") || key.ends("doctorname") || key.ends("drivername")
      || key.ends("insuredname") || key.ends("clientname") || key.ends("subscribername") || key.ends("residentname")
      || key.ends("spousename") || key.ends("parentname") || key.ends("childname") || key.ends("signername") || key.ends("borrowername")
      || key.ends("teachername") || key.ends("managername") || key.ends("sellername") || key.ends("applicantname") || key.ends("tenantname")
      || key.ends("buyername") || key.ends("personname")
    {
      return .person(least: 2)
    }
    return nil
  }
}

/// The last 24 letters of a key, lower case, without separators.
private struct LastLetters {
  private var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
  private(set) var count = 0
  /// Bit n: a separator, or the change from small to capital letters, stands before the last n letters.
  private var borders: UInt32 = 0
  private var nextIsCapital = false

  mutating func prepend(_ byte: UInt8) {
    guard Bytes.isAlnum(byte) else {
      if count < 32 { borders |= 1 << UInt32(count) }
      return
    }
    if nextIsCapital, !Bytes.isUpper(byte), count < 32 { borders |= 1 << UInt32(count) }
    nextIsCapital = Bytes.isUpper(byte)
    let letter = UInt64(byte | 0x20)
    switch count {
    case 0..<8: words.0 |= letter << UInt64(count * 8)
    case 8..<16: words.1 |= letter << UInt64((count - 8) * 8)
    case 16..<24: words.2 |= letter << UInt64((count - 16) * 8)
    default: break
    }
    count += 1
  }

  /// The last letter, lower case.
  var last: UInt8 { UInt8(truncatingIfNeeded: words.0) }

  /// Whether the letters end with the word.
  func ends(_ word: StaticString) -> Bool {
    let n = word.utf8CodeUnitCount
    guard count >= n else { return false }
    let p = word.utf8Start
    for i in 0..<n {
      let word = i < 8 ? words.0 : i < 16 ? words.1 : words.2
      guard UInt8(truncatingIfNeeded: word >> UInt64(i % 8 * 8)) == p[n - 1 - i] else { return false }
    }
    return true
  }

  /// Whether the word is all, or stands behind a separator.
  func isLast(_ word: StaticString) -> Bool {
    ends(word) && (count == word.utf8CodeUnitCount || borders >> UInt32(word.utf8CodeUnitCount) & 1 == 1)
  }

  /// Whether the word is the whole key.
  func isWhole(_ word: StaticString) -> Bool { ends(word) && count == word.utf8CodeUnitCount }
}
