/// A text with personal data in known places, made from a line such as `mail from ⟦EMAIL email⟧ to ⟦EMAIL =bo@example.org⟧ took ⟦number 3⟧ ms`.
///
/// A mark with a type in capitals is labelled; what follows is the name of a generator, or `=` and the value itself. A mark without a type
/// is filled in and not labelled. `⏎` stands for a line end and `⇥` for a tab.
public struct PlantedText: Sendable {
  /// What stands where: byte offsets, the end exclusive, and the type's name as data sets write it (`CREDIT_CARD`).
  public struct Span: Sendable, Hashable {
    /// The bytes of the value.
    public let range: Range<Int>
    /// The type's name.
    public let type: String
  }

  /// The text.
  public private(set) var bytes: [UInt8] = []
  /// What is labelled in it, in order.
  public private(set) var spans: [Span] = []

  /// The text as a string.
  public var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The value that a span marks.
  public func text(of span: Span) -> String { String(decoding: bytes[span.range], as: UTF8.self) }

  /// Fills in a line. Stops the program at a generator that does not exist.
  public init(_ line: String, _ values: inout PlantedValues) {
    var rest = Substring(line)
    while let open = rest.firstIndex(of: "⟦"), let close = rest[open...].firstIndex(of: "⟧") {
      append(rest[..<open])
      let words = rest[rest.index(after: open)..<close].split(separator: " ", maxSplits: 1).map(String.init)
      let isLabelled = words[0].allSatisfy { $0.isUppercase || $0 == "_" || $0.isNumber }
      let start = bytes.count
      append(Substring(Self.value(isLabelled ? words.dropFirst().joined() : words.joined(separator: " "), &values)))
      if isLabelled { spans.append(Span(range: start..<bytes.count, type: words[0])) }
      rest = rest[rest.index(after: close)...]
    }
    append(rest)
  }

  private mutating func append(_ literal: Substring) {
    for character in literal { bytes.append(contentsOf: character == "⏎" ? [10] : character == "⇥" ? [9] : Array(String(character).utf8)) }
  }

  private static func value(_ generator: String, _ values: inout PlantedValues) -> String {
    if generator.hasPrefix("=") { return String(generator.dropFirst()) }
    let words = generator.split(separator: " ").map(String.init)
    let count = words.count > 1 ? Int(words[1]) ?? 8 : 8
    switch words[0] {
    case "email": return values.email()
    case "email%": return values.email().split(separator: "@").joined(separator: "%40")
    case "phone": return values.internationalPhone()
    case "phone-us": return values.nationalPhone()
    case "phone-local": return values.localPhone()
    case "card": return values.card()
    case "card-plain": return values.card(separator: "")
    case "not-card": return values.notCard()
    case "ssn": return values.ssn()
    case "ssn-spaced": return values.ssn(separator: " ")
    case "ssn-plain": return values.ssn(separator: "")
    case "iban": return values.iban(grouped: false)
    case "iban-spaced": return values.iban(grouped: true)
    case "ipv4": return values.ipv4()
    case "ipv6": return values.ipv6()
    case "mac": return values.mac()
    case "jwt": return values.jwt()
    case "bearer": return values.bearer()
    case "basic": return values.basic()
    case "aws": return values.awsKey()
    case "vendor": return values.vendorToken()
    case "secret": return values.secret()
    case "password": return values.password()
    case "credentials": return values.credentials()
    case "pem": return values.keyBody("\n")
    case "pem-escaped": return values.keyBody("\\n")
    case "pem-plain": return values.keyBody("")
    case "name": return values.name()
    case "foreign-name": return values.foreignName()
    case "first-name": return values.pick(PlantedValues.firstNames)
    case "last-name": return values.pick(PlantedValues.lastNames)
    case "born": return values.birthDate()
    case "born-words": return values.birthDateInWords()
    case "word": return values.word()
    case "hex": return values.text(count, PlantedValues.hex)
    case "hex-upper": return values.text(count, PlantedValues.hex.uppercased())
    case "alnum": return values.text(count, PlantedValues.alnum)
    case "lower": return values.text(count, PlantedValues.lower + PlantedValues.digits)
    case "number": return values.digits(count)
    case "port": return "\(values.number(1024...65535))"
    case "status": return "\(values.pick([200, 201, 204, 301, 302, 304, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504]))"
    case "uuid":
      return [8, 4, 4, 4, 12].map { values.text($0, PlantedValues.hex) }.joined(separator: "-")
    case "version": return "\(values.number(0...30)).\(values.number(0...40)).\(values.number(0...99))"
    case "version4": return "\(values.number(1...30)).\(values.number(0...40)).\(values.number(0...99)).\(values.number(0...250))"
    default: preconditionFailure("there is no generator \"\(generator)\"")
    }
  }
}
