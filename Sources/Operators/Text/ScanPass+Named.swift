/// Values that words, elements or their surroundings name, rather than keys.
extension ScanPass {
  /// The name of a person behind the blank at `i`, if the word before it says so: `holder Anna Keller`, `Address of Anna Keller`.
  mutating func name(behind i: Pointer) -> Pointer {
    guard i - base >= 6, i >= quiet, end - i >= 5 else { return i + 1 }
    let isNamed =
      switch i[-1] {
      case UInt8(ascii: "f"):
        Bytes.endsIgnoringCase(i, base, with: "address of") || Bytes.endsIgnoringCase(i, base, with: "behalf of")
          || Bytes.endsIgnoringCase(i, base, with: "account of") || Bytes.endsIgnoringCase(i, base, with: "birthday of")
      case UInt8(ascii: "r"):
        Bytes.endsIgnoringCase(i, base, with: "holder") || Bytes.endsIgnoringCase(i, base, with: "customer")
          || Bytes.endsIgnoringCase(i, base, with: "passenger")
      default:
        Bytes.endsIgnoringCase(i, base, with: "patient") || Bytes.endsIgnoringCase(i, base, with: "applicant")
          || Bytes.endsIgnoringCase(i, base, with: "recipient")
      }
    // `Segment A` is no name.
    guard isNamed, let stop = Names.end(i + 1, end, least: 2), stop[-2] != UInt8(ascii: " "), !Names.isTechnical(i + 1, stop) else {
      return i + 1
    }
    return value(.person, i + 1, stop)
  }

  /// The content of an XML element whose name is a key: `<Password>hunter2</Password>`.
  mutating func element(at i: Pointer) -> Pointer? {
    guard end - i >= 8, Bytes.isAlpha(i[1]), i >= quiet else { return nil }
    let limit = end - i > 40 ? i + 40 : end
    var close = i + 1
    while close < limit, Bytes.isKey(close.pointee) { close += 1 }
    guard close < limit, close.pointee == UInt8(ascii: ">"), let key = PersonalKey(endingAt: close, from: i + 1) else { return nil }
    let start = close + 1
    let last = end - start > 256 ? start + 256 : end
    guard let stop = Bytes.find(UInt8(ascii: "<"), start, last), stop > start, end - stop > 2, stop[1] == UInt8(ascii: "/") else {
      return nil
    }
    switch key {
    case .password, .pass: return Names.isNothing(start, stop) ? nil : value(.password, start, stop)
    case .person(let least):
      guard let name = Names.end(start, stop, least: least), name == stop else { return nil }
      return value(.person, start, stop)
    case .birthDate:
      guard let date = Dates.birth(start, stop) else { return nil }
      return value(.birthDate, start, date)
    default: return nil
    }
  }

  /// Personal data in an atom that escaped line ends and tabs divide, as in the text of a JSON document: `paid\\tDE89…\\tok`.
  mutating func escapedPieces(_ start: Pointer, _ stop: Pointer) -> Pointer? {
    guard var escape = Bytes.find(UInt8(ascii: "\\"), start, stop) else { return nil }
    while true {
      let first = escape + 2
      guard first < stop else { return nil }
      let next = Bytes.find(UInt8(ascii: "\\"), first, stop)
      let last = next ?? stop
      if Bytes.isEscape(escape[1]), last > first, escape >= floor {
        var lanes: UInt64 = 0
        for p in first..<last { lanes &+= Bytes.lane(p.pointee) }
        if lanes & Lane.digit != 0, let found = quietPersonal(first, last, lanes) { return found }
      }
      guard let next else { return nil }
      escape = next
    }
  }

  /// `user:password` in front of the `@` at `i` in a data source name without a scheme: `root:pw@tcp(db:3306)/app`.
  mutating func dataSource(at i: Pointer) -> Pointer? {
    guard i >= quiet, i > floor, Bytes.starts(i + 1, end, with: "tcp(") || Bytes.starts(i + 1, end, with: "unix(") else { return nil }
    var start = i
    var hasColon = false
    while start > base, i - start < 128, !Bytes.isSpace(start[-1]), !Bytes.isQuote(start[-1]), start[-1] != UInt8(ascii: "=") {
      start -= 1
      if start.pointee == UInt8(ascii: ":") { hasColon = true }
    }
    if !unrecord(from: start) { start = max(start, floor) }
    guard hasColon, i - start >= 2 else { return nil }
    return value(.credentials, start, i) + 1
  }

  /// The date of birth at `start`, if the words before it say that it is one: `born 1984-07-19`, `date of birth 07/19/1984`.
  mutating func dateOfBirth(_ start: Pointer, _ stop: Pointer) -> Pointer? {
    var word = start
    if Bytes.isQuote(word[-1]) { word -= 1 }
    guard word - base >= 4, word[-1] == UInt8(ascii: " ") else { return nil }
    word -= 1
    let isNamed =
      switch word[-1] | 0x20 {
      case UInt8(ascii: "b"): Bytes.endsIgnoringCase(word, base, with: "dob")
      case UInt8(ascii: "h"): Bytes.endsIgnoringCase(word, base, with: "of birth")
      case UInt8(ascii: "n"): Bytes.endsIgnoringCase(word, base, with: "born") || Bytes.endsIgnoringCase(word, base, with: "born on")
      case UInt8(ascii: "e"):
        Bytes.endsIgnoringCase(word, base, with: "birthdate") || Bytes.endsIgnoringCase(word, base, with: "birth date")
      case UInt8(ascii: "y"): Bytes.endsIgnoringCase(word, base, with: "birthday")
      default: false
      }
    return isNamed ? value(.birthDate, start, stop) : nil
  }
}
