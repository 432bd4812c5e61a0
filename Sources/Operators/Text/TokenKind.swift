/// What a variable part of a log message is. The placeholder stands for it in templates and, for personal data, in redacted text.
///
/// Kinds are as coarse as a shape may distinguish: two values of one variable should not fall into different kinds, so hexadecimal
/// and decimal numbers share one.
public enum TokenKind: UInt8, Sendable, CaseIterable, BitwiseCopyable {
  /// A number: decimal or hexadecimal, with sign, fraction, percent, thousands; also a version.
  case number = 1
  /// Letters and digits mixed: `blk_-38865049`, `usr-af8522`, `web-7d9c5b8f6-x2x9z`.
  case identifier
  case uuid
  /// A date, a time of day, or both.
  case time
  case duration
  case size
  /// IPv4 or IPv6, with or without port and prefix length.
  case address
  case mac
  case url
  case path
  /// What stands behind `key=` and is none of the above: a word, a quoted text; also `true`, `false` and `null` behind any key.
  case value
  case email
  case phone
  case creditCard
  case ssn
  case iban
  case jwt
  case bearer
  case basicAuth
  case awsKey
  case secret
  case password
  case credentials
  case privateKey
  case person
  case birthDate

  /// The tag: `<num>`, `<email>` …
  public var placeholder: StaticString {
    switch self {
    case .number: "<num>"
    case .identifier: "<id>"
    case .uuid: "<uuid>"
    case .time: "<time>"
    case .duration: "<duration>"
    case .size: "<size>"
    case .address: "<ip>"
    case .mac: "<mac>"
    case .url: "<url>"
    case .path: "<path>"
    case .value: "<value>"
    case .email: "<email>"
    case .phone: "<phone>"
    case .creditCard: "<card>"
    case .ssn: "<ssn>"
    case .iban: "<iban>"
    case .jwt: "<jwt>"
    case .bearer: "<bearer>"
    case .basicAuth: "<basic-auth>"
    case .awsKey: "<aws-key>"
    case .secret: "<secret>"
    case .password: "<password>"
    case .credentials: "<credentials>"
    case .privateKey: "<private-key>"
    case .person: "<name>"
    case .birthDate: "<birth-date>"
    }
  }

  /// Whether several of them in a row are a list. Numbers are not: `12 7` is two columns.
  @inline(__always)
  var isListed: Bool {
    switch self {
    case .identifier, .uuid, .address, .mac, .url, .path, .email: true
    default: false
    }
  }

  /// Length of the longest placeholder.
  static let longestPlaceholder = 13

  /// The kind whose placeholder begins at `start`, and where the placeholder ends. O(placeholder).
  ///
  /// A pseudonym, `<email:1a2b3c4d5e6f>`, is read as the placeholder without its hash.
  static func tag(at start: UnsafePointer<UInt8>, before end: UnsafePointer<UInt8>) -> (kind: TokenKind, end: UnsafePointer<UInt8>)? {
    var p = start + 1
    let limit = min(end, start + longestPlaceholder)
    while p < limit, p.pointee >= 0x61 && p.pointee <= 0x7A || p.pointee == 0x2D { p += 1 }
    guard p < limit, p - start >= 3 else { return nil }
    // Without the angle bracket, or the colon, behind it.
    let count = p - start
    var stop = p + 1
    if p.pointee == 0x3A {
      guard end - p >= 14, p[13] == 0x3E else { return nil }
      for i in 1...12 {
        guard Bytes.isDigit(p[i]) || p[i] >= 0x61 && p[i] <= 0x66 else { return nil }
      }
      stop = p + 14
    } else if p.pointee != 0x3E {
      return nil
    }
    for kind in allCases where kind.placeholder.utf8CodeUnitCount == count + 1 && Bytes.equal(start, kind.placeholder.utf8Start, count) {
      return (kind, stop)
    }
    return nil
  }
}
