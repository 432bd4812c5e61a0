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
    if stop > base, stop[-1] == UInt8(ascii: "\\") { stop -= 1 }
    var letters = LastLetters()
    var p = stop
    while p > base, Bytes.isKey(p[-1]), stop - p < 40 {
      p -= 1
      letters.prepend(p.pointee)
    }
    guard letters.count >= 2 else { return nil }
    if let key = Self.table(letters) {
      self = key
    } else if letters.isWhole("number") || letters.isWhole("no"), p > base, p[-1] == UInt8(ascii: " "), Phones.isNamed(before: p - 1, base)
    {
      // `Phone number: …`
      self = .phone
    } else {
      return nil
    }
  }

  private static func table(_ key: LastLetters) -> PersonalKey? {
    if key.ends("password") || key.ends("passwd") || key.ends("passphrase") || key.isLast("pwd") || key.ends("passcode")
      || key.ends("passwort")
      || key.ends("kennwort")
    {
      return .password
    }
    if key.isLast("pass") || key.ends("requirepass") || key.ends("dbpass") || key.ends("userpass") || key.ends("keypass")
      || key.ends("storepass") || key.ends("authpass") || key.ends("adminpass") || key.ends("rootpass")
    {
      return .pass
    }
    if key.isLast("pin") || key.ends("pincode") { return .pin }
    if key.ends("publickeytoken") { return nil }
    if key.ends("secret") || key.ends("apikey") || key.ends("accesskey") || key.ends("secretkey") || key.ends("token")
      || key.ends("privatekey") || key.ends("authkey") || key.ends("accountkey") || key.ends("secretkeybase") || key.ends("encryptionkey")
      || key.ends("signingkey")
    {
      return .secret
    }
    if key.ends("authorization") { return .authorization }
    if key.ends("phone") || key.ends("phonenumber") || key.isLast("mobile") || key.isLast("tel") || key.isLast("fax") || key.ends("msisdn")
      || key.isLast("cell") || key.ends("mobilenumber") || key.ends("telefon") || key.ends("telefono") || key.isLast("mobil")
    {
      return .phone
    }
    if key.isLast("ssn") || key.ends("socialsecuritynumber") { return .ssn }
    if key.isLast("iban") { return .iban }
    if key.isLast("dob") || key.ends("birthdate") || key.ends("dateofbirth") || key.ends("birthday") || key.isLast("birth")
      || key.isLast("born") || key.ends("geburtsdatum")
    {
      return .birthDate
    }
    if key.ends("name") { return name(key) }
    if key.isLast("patient") || key.isLast("cardholder") { return .person(least: 1) }
    if key.isLast("customer") || key.isLast("employee") || key.isLast("applicant") || key.isLast("recipient") || key.isLast("passenger")
      || key.isLast("holder") || key.isLast("beneficiary") || key.isLast("payee") || key.isLast("payer") || key.isLast("guest")
      || key.isLast("member") || key.isLast("nurse") || key.isLast("doctor") || key.isLast("person") || key.isLast("student")
      || key.isLast("owner") || key.isLast("author") || key.isLast("driver") || key.isLast("tenant") || key.isLast("buyer")
      || key.ends("nameoncard") || key.isLast("sender") || key.isLast("receiver") || key.isLast("user") || key.isLast("client")
    {
      return .person(least: 2)
    }
    return nil
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
