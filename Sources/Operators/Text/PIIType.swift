/// A kind of personal data or secret that the scanner finds.
public enum PIIType: UInt8, Sendable, CaseIterable, BitwiseCopyable {
  case email
  case phone
  case creditCard
  case ssn
  case iban
  case ipv4
  case ipv6
  case mac
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

  /// The name in job files and metrics.
  public var name: String {
    switch self {
    case .email: "email"
    case .phone: "phone"
    case .creditCard: "credit-card"
    case .ssn: "ssn"
    case .iban: "iban"
    case .ipv4: "ipv4"
    case .ipv6: "ipv6"
    case .mac: "mac"
    case .jwt: "jwt"
    case .bearer: "bearer"
    case .basicAuth: "basic-auth"
    case .awsKey: "aws-key"
    case .secret: "secret"
    case .password: "password"
    case .credentials: "url-credentials"
    case .privateKey: "private-key"
    case .person: "person"
    case .birthDate: "birth-date"
    }
  }

  /// The name in labelled data sets: `CREDIT_CARD`.
  public var label: String {
    switch self {
    case .basicAuth: "BASIC_AUTH"
    case .creditCard: "CREDIT_CARD"
    case .awsKey: "AWS_KEY"
    case .credentials: "URL_CRED"
    case .privateKey: "PRIVATE_KEY"
    case .birthDate: "DOB"
    default: name.uppercased()
    }
  }

  /// The type of that name, or nil.
  public init?(name: String) {
    guard let type = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = type
  }

  /// The token that stands for it: its placeholder is the tag in redacted text.
  public var kind: TokenKind {
    switch self {
    case .email: .email
    case .phone: .phone
    case .creditCard: .creditCard
    case .ssn: .ssn
    case .iban: .iban
    case .ipv4, .ipv6: .address
    case .mac: .mac
    case .jwt: .jwt
    case .bearer: .bearer
    case .basicAuth: .basicAuth
    case .awsKey: .awsKey
    case .secret: .secret
    case .password: .password
    case .credentials: .credentials
    case .privateKey: .privateKey
    case .person: .person
    case .birthDate: .birthDate
    }
  }
}

/// A set of personal-data types.
public struct PIITypes: OptionSet, Sendable, Hashable {
  /// Bit n stands for the type with raw value n.
  public let rawValue: UInt32
  /// The set with these bits.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Every type.
  public static let all = PIITypes(rawValue: (1 << UInt32(PIIType.allCases.count)) - 1)

  /// The set of these types.
  public init(_ types: some Sequence<PIIType>) {
    self.init(rawValue: types.reduce(0) { $0 | 1 << UInt32($1.rawValue) })
  }

  /// Whether the type is in the set.
  @inlinable
  public func contains(_ type: PIIType) -> Bool { rawValue >> UInt32(type.rawValue) & 1 == 1 }
}

/// Where personal data stands in a text: byte offsets, the end exclusive.
public struct PIISpan: Sendable, Hashable, BitwiseCopyable {
  /// Offset of the first byte.
  public var start: UInt32
  /// Offset behind the last byte.
  public var end: UInt32
  /// What it is.
  public var type: PIIType
}

/// How many spans of each type were found.
public struct PIICounts: Sendable, Equatable {
  private var counts = [Int](repeating: 0, count: PIIType.allCases.count)

  /// Nothing found yet.
  public init() {}

  /// The numbers at `tallies`, one for each type in the order of the raw values.
  init(_ tallies: UnsafePointer<Int>) {
    for i in counts.indices { counts[i] = tallies[i] }
  }

  /// The number for one type.
  public subscript(_ type: PIIType) -> Int { counts[Int(type.rawValue)] }

  /// All types together.
  public var total: Int { counts.reduce(0, +) }
}
