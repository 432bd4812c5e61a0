/// The parts of a template that differ from line to line. The raw value is how templates write it: `{order}`.
enum ShopVariable: String, CaseIterable {
  // The same in all lines of a journey.
  case session, user, order, sku, product, category, quantity, amount, reference, tracking, city, carrier, query
  // Personal data, of the journey's visitor.
  case person, email, phone, card, iban, token
  // Different in every line.
  case ms, float, n, digit, percent, line, ip, uuid, hex, agent, decline

  /// The most bytes that the variable takes.
  var maxLength: Int {
    switch self {
    case .token: 128
    case .uuid: 36
    case .hex: 32
    default: 64
    }
  }
}

/// Whose journey it is and what it is about: the numbers from which the variables of a journey are made.
struct ShopSubject {
  let number: UInt64
  let visitor: UInt64
  let thing: UInt64
  let secret: UInt64

  @inline(__always)
  init(seed: UInt64, journey: UInt64) {
    var random = ShopRandom(seed: seed, salt: 0x5B0B_5B0B, place: journey)
    number = journey
    visitor = random.next()
    thing = random.next()
    secret = random.next()
  }
}

extension LineWriter {
  /// Writes one variable, JSON-safe.
  mutating func variable(_ variable: ShopVariable, _ subject: ShopSubject, _ random: inout ShopRandom) {
    switch variable {
    case .session: hex(subject.secret, digits: 16)
    case .user:
      byte(UInt8(ascii: "u"))
      decimal(subject.visitor % 250_000 + 1000)
    case .order: decimal(subject.number + 4_000_000)
    case .sku:
      text("SKU-")
      decimal(subject.thing % 2400 + 10_000)
    case .product: text(ShopWords.pick(ShopWords.products, subject.thing))
    case .category: text(ShopWords.pick(ShopWords.categories, subject.thing))
    case .quantity: decimal(subject.thing >> 40 & 3 + 1)
    case .amount: money(subject.thing >> 16)
    case .reference:
      text("pay_")
      hex(subject.secret ^ subject.thing, digits: 14)
    case .tracking:
      text("JD")
      decimal(subject.secret, digits: 12)
    case .city: text(ShopWords.pick(ShopWords.cities, subject.visitor >> 7))
    case .carrier: text(ShopWords.pick(ShopWords.carriers, subject.secret))
    case .query: text(ShopWords.pick(ShopWords.queries, subject.thing >> 9))
    case .person: text(ShopWords.pick(ShopWords.people, subject.visitor))
    case .email: email(subject.visitor)
    case .phone: phone(subject.visitor)
    case .card: card(subject.secret)
    case .iban: iban(subject.secret)
    case .token: token(&random)
    case .ms: decimal(random.next() >> 54 + 1)
    case .float:
      let bits = random.next()
      decimal(bits & 127)
      byte(UInt8(ascii: "."))
      decimal(bits >> 32, digits: 2)
    case .n: decimal(random.next() >> 50 & (random.next() >> 50))
    case .digit: decimal(random.next() >> 32 % 8 + 1)
    case .percent: decimal(random.next() >> 32 % 89 + 10)
    case .line: decimal(random.next() >> 32 % 900 + 12)
    case .ip: ip(random.next())
    case .uuid: uuid(random.next(), random.next())
    case .hex:
      hex(random.next(), digits: 16)
      hex(random.next(), digits: 16)
    case .agent: text(ShopWords.pick(ShopWords.agents, random.next()))
    case .decline: text(ShopWords.pick(ShopWords.declines, random.next()))
    }
  }

  @inline(__always)
  mutating func uuid(_ high: UInt64, _ low: UInt64) {
    hex(high >> 32, digits: 8)
    byte(UInt8(ascii: "-"))
    hex(high >> 16, digits: 4)
    byte(UInt8(ascii: "-"))
    hex(high, digits: 4)
    byte(UInt8(ascii: "-"))
    hex(low >> 48, digits: 4)
    byte(UInt8(ascii: "-"))
    hex(low, digits: 12)
  }

  private mutating func money(_ bits: UInt64) {
    decimal(bits % 900)
    byte(UInt8(ascii: "."))
    decimal(bits >> 20, digits: 2)
  }

  /// Half of the addresses are of a private network, half of the documentation ranges.
  private mutating func ip(_ bits: UInt64) {
    if bits & 1 == 0 {
      text("10.")
      decimal(bits >> 8 & 255)
      byte(UInt8(ascii: "."))
    } else {
      text(bits & 2 == 0 ? "203.0.113" : "198.51.100")
      byte(UInt8(ascii: "."))
      decimal(bits >> 16 & 255)
      return
    }
    decimal(bits >> 16 & 255)
    byte(UInt8(ascii: "."))
    decimal(bits >> 24 & 255)
  }
}
