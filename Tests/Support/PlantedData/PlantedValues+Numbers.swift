/// Numbers with rules: phones, cards, social-security numbers, bank accounts, addresses.
extension PlantedValues {
  /// A phone number with country code, as people of ten countries and more group it.
  public mutating func internationalPhone() -> String { fill(pick(Self.internationalForms)) }

  /// A number of the United States without country code.
  public mutating func nationalPhone() -> String { fill(pick(["(2NN) N##-####", "2NN-N##-####", "2NN.N##.####"])) }

  /// A number as it is dialled inside a country, without a form of its own: only a key gives it away.
  public mutating func localPhone() -> String {
    fill(
      pick([
        "030 ######", "0151 ########", "020 7946 ####", "01 42 68 5# ##", "98765 #####", "0#########", "06-########", "2NN N## ####",
        "030/######", "(030) ######", "44207946####", "4915########", "138 00## ####", "09# ### ## ##",
      ]))
  }

  private static let internationalForms = [
    "+1 2NN N## ####", "+1-2NN-N##-####", "+1 (2NN) N##-####", "+12NNN######", "+1.2NN.N##.####", "+44 20 7946 0###", "+4420794#####",
    "+44 (0)20 7946 0###", "+49 30 ######", "+49 (0)30 ######", "+49 151 ########", "+4915########", "+49-89-######", "+33 1 42 68 5# ##",
    "+336########", "+33-6-12-34-5#-##", "+86 138 0013 8###", "+86138########", "+81 3 1234 5###", "+81-90-1234-5###", "+91 98765 4####",
    "+9198########", "+55 11 9####-####", "+5511########", "+61 2 9374 4###", "+614########", "+34 91 411 1# ##", "+346########",
    "+39 06 6982 ####", "+3934########", "+31 6 1234 5###", "+41 44 668 1# ##", "+46 8 123 45# ##", "+47 22 12 3# ##", "+7 (495) 123-4#-##",
    "+48 22 123 4# ##", "+27 11 978 5###", "+971 50 123 4###", "+52 55 1234 5###", "+353 1 234 5###", "+65 6123 4###", "+420 2## ### ###",
  ]

  /// `#` is any digit, `N` one from 2 to 9.
  private mutating func fill(_ form: String) -> String {
    String(form.map { $0 == "#" ? Character("\(number(0...9))") : $0 == "N" ? Character("\(number(2...9))") : $0 })
  }

  /// A card number that passes Luhn's check, in the groups of its issuer or in one.
  public mutating func card(separator: String? = nil) -> String {
    let (prefix, count, groups) = pick(
      [
        ("4", 16, [4, 4, 4, 4]), ("51", 16, [4, 4, 4, 4]), ("55", 16, [4, 4, 4, 4]), ("2221", 16, [4, 4, 4, 4]), ("34", 15, [4, 6, 5]),
        ("37", 15, [4, 6, 5]), ("6011", 16, [4, 4, 4, 4]), ("3530", 16, [4, 4, 4, 4]), ("36", 14, [4, 6, 4]), ("62", 16, [4, 4, 4, 4]),
      ] as [(String, Int, [Int])])
    var digits = prefix + text(count - prefix.count - 1, Self.digits)
    digits += Self.luhn(digits)
    return group(digits, groups, separator ?? pick(["", "", " ", "-"]))
  }

  /// A number that looks like a card's and fails the check.
  public mutating func notCard() -> String {
    let digits = pick(["4", "51", "6011"]) + text(14, Self.digits)
    let body = String(digits.prefix(15))
    let right = Self.luhn(body)
    return body + "\(((Int(right) ?? 0) + 1) % 10)"
  }

  private static func luhn(_ digits: String) -> String {
    let sum = digits.reversed().enumerated().reduce(0) { sum, item in
      let digit = (item.element.wholeNumberValue ?? 0) * (item.offset % 2 == 0 ? 2 : 1)
      return sum + (digit > 9 ? digit - 9 : digit)
    }
    return "\((10 - sum % 10) % 10)"
  }

  private func group(_ digits: String, _ groups: [Int], _ separator: String) -> String {
    var rest = Substring(digits)
    var parts: [Substring] = []
    for count in groups {
      parts.append(rest.prefix(count))
      rest = rest.dropFirst(count)
    }
    return parts.joined(separator: separator)
  }

  /// A social-security number that could be given out.
  public mutating func ssn(separator: String = "-") -> String {
    var area = 0
    repeat { area = number(1...899) } while area == 666
    let (group, serial) = (number(1...99), number(1...9999))
    return ["\(1000 + area)".dropFirst(), "\(100 + group)".dropFirst(), "\(10000 + serial)".dropFirst()].joined(separator: separator)
  }

  /// A bank account number of one of many countries, in one piece or in groups of four.
  public mutating func iban(grouped: Bool) -> String {
    let (country, form) = pick(
      [
        ("DE", "##################"), ("GB", "AAAA##############"), ("FR", "##########C##########XX"), ("NL", "AAAA##########"),
        ("ES", "####################"), ("IT", "A######################"), ("AT", "################"), ("CH", "#####XXXXXXXXXXXX"),
        ("BE", "############"), ("PL", "########################"), ("NO", "###########"), ("SE", "####################"),
        ("PT", "#####################"), ("IE", "AAAA##############"), ("LU", "###XXXXXXXXXXXXX"), ("DK", "##############"),
        ("FI", "##############"), ("CZ", "####################"), ("SA", "##XXXXXXXXXXXXXXXXXX"), ("MT", "AAAA#####XXXXXXXXXXXXXXXXXX"),
      ] as [(String, String)])
    let account = String(
      form.map { letter -> Character in
        switch letter {
        case "#": Character("\(number(0...9))")
        case "A": pick(Array(Self.upper))
        case "X": pick(Array(Self.upper + Self.digits))
        default: letter == "C" ? "5" : letter
        }
      })
    let remainder = (account + country + "00").reduce(0) { rest, letter in
      let value = letter.wholeNumberValue ?? Int(letter.asciiValue ?? 65) - 55
      return (rest * (value > 9 ? 100 : 10) + value) % 97
    }
    let iban = "\(country)\(pad(98 - remainder))\(account)"
    return grouped ? group(iban, Array(repeating: 4, count: (iban.count + 3) / 4), " ") : iban
  }

  /// An IPv4 address that is neither loopback nor unspecified.
  public mutating func ipv4() -> String {
    let head = pick([
      "203.0.113", "198.51.100", "10.\(number(0...255)).\(number(0...255))", "192.168.\(number(0...255))",
      "172.\(number(16...31)).\(number(0...255))",
    ])
    return "\(head).\(number(1...254))"
  }

  /// An IPv6 address in one of its forms.
  public mutating func ipv6() -> String {
    let group = { (values: inout PlantedValues) in String(values.number(1...0xFFFF), radix: 16) }
    let g = (0..<8).map { _ in group(&self) }
    return switch number(0...7) {
    case 0: "2001:db8:\(g[0]):\(g[1])::\(g[2])"
    case 1: "2001:db8::\(number(1...99))"
    case 2: "fe80::\(g[0]):\(g[1]):\(g[2]):\(g[3])"
    case 3: "2001:0db8:" + g[0..<6].map { String(("000" + $0).suffix(4)) }.joined(separator: ":")
    case 4: "::ffff:\(ipv4())"
    case 5: "2001:DB8:\(g[0].uppercased())::\(number(10...99))"
    case 6: "fd\(number(10...99)):\(g[0]):\(g[1])::1"
    default: "2001:db8:\(g[1]):\(g[2]):\(g[3]):\(g[4]):\(g[5]):\(g[6])"
    }
  }

  /// A hardware address with colons, dashes or dots.
  public mutating func mac() -> String {
    let pairs = (0..<6).map { i in i == 0 ? text(1, "abcdef") + text(1, Self.hex) : i == 1 ? "\(number(10...99))" : text(2, Self.hex) }
    return switch number(0...3) {
    case 0: pairs.joined(separator: ":")
    case 1: pairs.joined(separator: "-").uppercased()
    case 2: pairs.joined(separator: ":").uppercased()
    default: [0, 2, 4].map { pairs[$0] + pairs[$0 + 1] }.joined(separator: ".")
    }
  }
}
