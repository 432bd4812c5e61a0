/// Tokens and keys that give access to nothing.
extension PlantedValues {
  private static let url = alnum + "-_"
  private static let base64 = alnum + "+/"

  /// A JSON web token; the parts decode, the signature is noise.
  public mutating func jwt() -> String {
    let header = pick([
      #"{"alg":"HS256","typ":"JWT"}"#, #"{"typ":"JWT","alg":"RS256"}"#, #"{"alg":"ES256","kid":"\#(text(8, Self.alnum))"}"#,
      #"{"kid":"\#(text(16, Self.hex))","alg":"PS512","typ":"at+jwt"}"#,
    ])
    let body = #"{"sub":"\#(digits(8))","iat":\#(digits(10))}"#
    return "\(Self.encoded(header)).\(Self.encoded(body)).\(text(43, Self.url))"
  }

  /// Base 64 of bytes, URL-safe and without padding unless asked for.
  static func encoded(_ text: String, padded: Bool = false) -> String {
    let letters = Array(padded ? base64Ordered + "+/" : base64Ordered + "-_")
    var result = ""
    let bytes = Array(text.utf8)
    var i = 0
    while i < bytes.count {
      let chunk = bytes[i..<min(i + 3, bytes.count)]
      let bits = chunk.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - chunk.count))
      for k in 0...chunk.count { result.append(letters[bits >> (18 - 6 * k) & 63]) }
      if padded { result += String(repeating: "=", count: 3 - chunk.count) }
      i += 3
    }
    return result
  }
  private static let base64Ordered = upper + lower + digits

  /// An opaque bearer token.
  public mutating func bearer() -> String {
    switch number(0...2) {
    case 0: text(number(24...48), Self.alnum)
    case 1: text(number(20...64), Self.url)
    default: text(40, Self.hex)
    }
  }

  /// `user:password` in base 64.
  public mutating func basic() -> String { Self.encoded("\(word()):\(password())", padded: true) }

  /// The id of an access key of a large cloud.
  public mutating func awsKey() -> String { pick(["AKIA", "ASIA", "AROA", "AIDA"]) + text(16, Self.upper + "234567") }

  /// A secret without a form: only its key gives it away.
  public mutating func secret() -> String {
    switch number(0...3) {
    case 0: text(40, Self.base64)
    case 1: text(32, Self.hex)
    case 2: text(number(24...64), Self.url)
    default: text(32, Self.alnum)
    }
  }

  /// A token with the prefix of a vendor.
  public mutating func vendorToken() -> String { vendorToken(pick(Self.vendorForms)) }

  private mutating func vendorToken(_ form: (prefix: String, count: Int, alphabet: String)) -> String {
    form.prefix + text(form.count, form.alphabet)
  }

  private static let vendorForms: [(prefix: String, count: Int, alphabet: String)] = [
    ("ghp_", 36, alnum), ("gho_", 36, alnum), ("ghs_", 36, alnum), ("ghu_", 36, alnum), ("github_pat_", 82, alnum + "_"),
    ("glpat-", 20, url),
    ("glrt-", 20, url), ("xoxb-123456789012-", 24, alnum), ("xoxp-1234567890-", 32, alnum), ("xapp-1-A01-", 40, alnum),
    ("sk_live_", 24, alnum), ("rk_live_", 24, alnum), ("sk_test_", 24, alnum), ("whsec_", 32, alnum), ("AIza", 35, url), ("ya29.", 60, url),
    ("GOCSPX-", 28, url), ("npm_", 36, alnum), ("pypi-AgEIcHlwaS5vcmc", 70, url), ("hf_", 34, alnum), ("dop_v1_", 64, hex),
    ("shpat_", 32, hex), ("sk-ant-api03-", 93, url), ("sk-proj-", 48, alnum), ("sk-", 48, alnum), ("hvs.", 90, url), ("dckr_pat_", 27, url),
    ("dapi", 32, hex), ("lin_api_", 40, alnum), ("sq0atp-", 22, url), ("key-", 32, hex), ("glsa_", 41, alnum), ("sntrys_", 60, alnum),
    ("NRAK-", 27, upper + digits), ("figd_", 40, url), ("ATATT3xFfGF0", 60, url), ("gsk_", 52, alnum), ("r8_", 37, alnum),
    ("sbp_", 40, hex),
    ("PMAK-", 59, hex), ("doo_v1_", 64, hex), ("rubygems_", 48, hex), ("ntn_", 46, alnum), ("pscale_tkn_", 43, alnum), ("pul-", 40, hex),
  ]

  /// `user:password` as it stands before the host of a URL.
  public mutating func credentials() -> String {
    "\(pick(["app", "svc-api", "root", "admin", word(), ""])):\(pick([text(12, Self.alnum), "s3cr3t", "hunter\(number(10...99))", "p%40ss-\(text(6, Self.alnum))"]))"
  }

  /// The lines of a private key between its markers, divided by `separator`.
  public mutating func keyBody(_ separator: String) -> String {
    let head = pick(["MIIEpAIBAAKCAQEA", "MIIEvQIBADANBgkq", "b3BlbnNzaC1rZXktdjEA", "MHcCAQEEI"])
    let lines =
      [head + text(64 - head.count, Self.base64)] + (0..<number(1...4)).map { _ in text(64, Self.base64) } + [
        text(number(8...60), Self.base64)
      ]
    return lines.joined(separator: separator)
  }
}
