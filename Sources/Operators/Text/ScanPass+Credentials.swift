/// Tokens and keys that give access: by form, by a vendor's prefix, or by the word before them.
extension ScanPass {
  /// What [start, stop), an atom of 16 bytes or more with letters and digits, gives access to, if anything.
  mutating func credential(_ start: Pointer, _ stop: Pointer, _ lanes: UInt64) -> Pointer? {
    if start.pointee == UInt8(ascii: "e"), let token = JWT.end(start, limit(start)) { return personal(.jwt, start, token) }
    // Dashes around a PEM header stand in the atom, or before it with blanks between.
    if Lane.dashes(lanes) >= 5
      || start - base >= 16 && Bytes.isSpace(start[-1]) && (start[-2] == UInt8(ascii: "-") || Bytes.isSpace(start[-2])),
      let next = privateKey(start, stop)
    {
      return next
    }
    if start > floor, start - base >= 6, start[-1] == UInt8(ascii: " "), let next = behindScheme(start, start - 1) { return next }
    if stop - start >= 20, AccessKeys.isAWS(start), stop - start == 20 || !Bytes.isAlnum(start[20]) {
      return personal(.awsKey, start, start + 20)
    }
    if let secret = VendorTokens.end(start, limit(start)) { return personal(.secret, start, secret) }
    return nil
  }

  /// The forms that may be of any length.
  mutating func longCredential(_ start: Pointer, _ stop: Pointer) -> Pointer? {
    if start.pointee == UInt8(ascii: "e"), let token = JWT.end(start, limit(start)) { return personal(.jwt, start, token) }
    if let next = privateKey(start, stop) { return next }
    guard start - base >= 6, start > floor, start[-1] == UInt8(ascii: " ") else { return nil }
    return behindScheme(start, start - 1)
  }

  /// The end of what a recogniser may look at: the token that it is inside of, or the text.
  func limit(_ p: Pointer) -> Pointer { p < quiet ? quiet : end }

  /// A value behind `Bearer`, `Token` or `Basic`, which ends at `wordEnd`.
  mutating func behindScheme(_ start: Pointer, _ wordEnd: Pointer) -> Pointer? {
    switch wordEnd[-1] | 0x20 {
    case UInt8(ascii: "r"):
      guard Bytes.endsIgnoringCase(wordEnd, base, with: "bearer") else { return nil }
    case UInt8(ascii: "n"):
      guard Bytes.endsIgnoringCase(wordEnd, base, with: ": token") || Bytes.endsIgnoringCase(wordEnd, base, with: "=token") else {
        return nil
      }
    case UInt8(ascii: "c"):
      guard Bytes.endsIgnoringCase(wordEnd, base, with: "basic") else { return nil }
      let stop = AccessKeys.tokenEnd(start, limit(start))
      return Base64.isUserAndPassword(start, stop) ? personal(.basicAuth, start, stop) : nil
    default: return nil
    }
    let stop = AccessKeys.tokenEnd(start, limit(start))
    guard stop - start >= 8 else { return nil }
    return personal(.bearer, start, stop)
  }

  /// The body of a PEM private key that [start, stop) is the beginning of.
  private mutating func privateKey(_ start: Pointer, _ stop: Pointer) -> Pointer? {
    // `-----BEGIN … PRIVATE KEY-----` stands in this atom or right before it.
    var body = start
    if let dashes = Bytes.find("-----", start, stop) {
      body = dashes + 5
    } else {
      var p = start
      while p > base, start - p < 4, Bytes.isSpace(p[-1]) { p -= 1 }
      guard p < start, p - base >= 16, Bytes.endsIgnoringCase(p, base, with: "-----") else { return nil }
    }
    var header = body
    while header > base, Bytes.isSpace(header[-1]) { header -= 1 }
    guard
      Bytes.endsIgnoringCase(header, base, with: "private key-----") || Bytes.endsIgnoringCase(header, base, with: "private key block-----")
    else { return nil }
    let last = limit(start)
    while body < last, Bytes.isSpace(body.pointee) || body.pointee == UInt8(ascii: "\\") && last - body >= 2 && body[1] == UInt8(ascii: "n")
    {
      body += Bytes.isSpace(body.pointee) ? 1 : 2
    }
    var bodyEnd = Bytes.find("-----END", body, last) ?? last
    let next = bodyEnd
    while bodyEnd > body,
      Bytes.isSpace(bodyEnd[-1]) || bodyEnd - body >= 2 && bodyEnd[-1] == UInt8(ascii: "n") && bodyEnd[-2] == UInt8(ascii: "\\")
    {
      bodyEnd -= Bytes.isSpace(bodyEnd[-1]) ? 1 : 2
    }
    guard bodyEnd > body else { return nil }
    find(.privateKey, body, bodyEnd)
    record(.privateKey, body, bodyEnd)
    return next
  }
}
