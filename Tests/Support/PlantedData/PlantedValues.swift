/// Makes values that look like personal data and secrets and belong to nobody: valid in form and check digits, the same for the same seed.
public struct PlantedValues {
  private var state: UInt64

  /// Values of that seed.
  public init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 ^ 0x5851_F42D_4C95_7F2D }

  /// The next 64 random bits (Steele, Lea and Flood's SplitMix64).
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  /// A number from the range.
  public mutating func number(_ range: ClosedRange<Int>) -> Int { range.lowerBound + Int(next() % UInt64(range.count)) }

  /// One of them.
  public mutating func pick<T>(_ choices: [T]) -> T { choices[number(0...choices.count - 1)] }

  static let digits = "0123456789"
  static let hex = "0123456789abcdef"
  static let lower = "abcdefghijklmnopqrstuvwxyz"
  static let upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
  static let alnum = lower + upper + digits

  /// So many characters of an alphabet; the first and the last are letters or digits, and a digit is among the first ten.
  public mutating func text(_ count: Int, _ alphabet: String) -> String {
    let letters = Array(alphabet)
    let ends = letters.filter { $0.isLetter || $0.isNumber }
    var result = (0..<count).map { _ in pick(letters) }
    if count > 0 { (result[0], result[count - 1]) = (pick(ends), pick(ends)) }
    let numbers = letters.filter { $0.isNumber }
    if count >= 12, !numbers.isEmpty, !result.prefix(10).contains(where: { $0.isNumber }) { result[5] = pick(numbers) }
    return String(result)
  }

  /// So many digits, the first of them not zero.
  mutating func digits(_ count: Int) -> String { String(number(1...9)) + text(count - 1, Self.digits) }

  static let firstNames = [
    "Anna", "Bela", "Carla", "Dmitri", "Emeka", "Fatima", "Greta", "Hiro", "Ines", "Jonas", "Kofi", "Lena", "Mateo", "Nadia", "Oskar",
    "Priya", "Quentin", "Rosa", "Samir", "Tomasz", "Ulla", "Viktor", "Wanda", "Xenia", "Yara", "Zoe",
  ]
  static let lastNames = [
    "Keller", "Novak", "Okafor", "Petrov", "Rossi", "Santos", "Tanaka", "Ullmann", "Varga", "Weber", "Yilmaz", "Zhang", "Brandt", "Costa",
    "Dubois", "Eriksen", "Fischer", "Garcia", "Haddad", "Ivanova", "Jensen", "Kowalski", "Larsen", "Moreau",
  ]
  static let foreignNames = [
    "Åsa Öberg", "José Muñoz", "Zoë Brontë", "Łukasz Żak", "Jürgen Müller", "Siobhán O'Neill", "François Lefèvre", "Анна Петрова",
    "Νίκος Παπαδόπουλος", "王小明", "Nguyễn Văn An", "Çağla Şahin", "Ólafur Árnason", "Jean-Luc Moreau", "Ana de Souza", "Ludwig van der Berg",
  ]
  private static let domains = [
    "example.com", "mail.example.org", "example.net", "shop.example.co.uk", "corp-example.de", "sub.dept.example.edu", "x1.example.io",
    "example.museum", "example.xn--p1ai", "team-7.example.fr", "example.photography",
  ]

  mutating func word() -> String { text(number(3...8), Self.lower) }

  /// `kim.lee42@example.org` in many styles.
  public mutating func email() -> String {
    let (first, last) = (pick(Self.firstNames).lowercased(), pick(Self.lastNames).lowercased())
    let local =
      switch number(0...7) {
      case 0: "\(first).\(last)"
      case 1: "\(first)_\(last)\(number(1...99))"
      case 2: "\(first)+\(word())"
      case 3: "\(first.prefix(1))\(last)"
      case 4: "\(last)-\(first)"
      case 5: "\(first)\(number(1...9999))"
      case 6: "\(first).\(last.prefix(1)).\(last)"
      default: first.uppercased()
      }
    return "\(local)@\(pick(Self.domains))"
  }

  /// A name of two words or more.
  public mutating func name() -> String {
    switch number(0...5) {
    case 0: "\(pick(Self.firstNames)) \(pick(Array(Self.upper))). \(pick(Self.lastNames))"
    case 1: "\(pick(Self.firstNames)) \(pick(Self.lastNames))-\(pick(Self.lastNames))"
    default: "\(pick(Self.firstNames)) \(pick(Self.lastNames))"
    }
  }

  /// A name with letters beyond ASCII or words in small letters.
  public mutating func foreignName() -> String { pick(Self.foreignNames) }

  /// `Tr0ub4dor&3`: letters, digits and marks without blanks.
  public mutating func password() -> String {
    let marks = Array("!#%+*~^_-.@$")
    return switch number(0...4) {
    case 0: pick(Self.lastNames) + "\(number(10...9999))" + String(pick(marks))
    case 1: text(number(8...20), Self.alnum)
    case 2: word() + String(pick(marks)) + word() + "\(number(1...99))"
    case 3: text(number(10...16), Self.alnum + "!#%+*~^_-.@$")
    default: pick(["hunter", "letmein", "s3cret", "qwertz", "dragon"]) + "\(number(2...999))"
    }
  }

  /// A day between 1940 and 2009.
  mutating func day() -> (year: Int, month: Int, day: Int) { (number(1940...2009), number(1...12), number(1...28)) }

  /// A date of birth as programs write it.
  public mutating func birthDate() -> String {
    let (y, m, d) = day()
    return pick(["\(y)-\(pad(m))-\(pad(d))", "\(pad(m))/\(pad(d))/\(y)", "\(pad(d)).\(pad(m)).\(y)", "\(y)/\(pad(m))/\(pad(d))"])
  }

  /// A date of birth as people write it: `19 July 1984`.
  public mutating func birthDateInWords() -> String {
    let (y, m, d) = day()
    let months = [
      "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
    ]
    let month = months[m - 1]
    return pick(["\(d) \(month) \(y)", "\(month) \(d), \(y)", "\(pad(d)) \(month.prefix(3)) \(y)", "\(pad(d))-\(month.prefix(3))-\(y)"])
  }

  func pad(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
}
