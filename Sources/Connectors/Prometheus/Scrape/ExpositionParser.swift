/// Reads the texts in which programs expose metrics: Prometheus' format 0.0.4 and OpenMetrics. Line by line; the first line that is wrong ends it.
package struct ExpositionParser {
  /// What a text may hold, one line each.
  package enum Line: Equatable {
    case help(family: String, text: String)
    case type(family: String, word: String)
    case unit(family: String, unit: String)
    case sample(Sample)
    /// OpenMetrics' last line.
    case end
  }

  package struct Label: Equatable {
    var name: String
    var value: String
  }

  package struct Sample: Equatable {
    var name = ""
    var labels: [Label] = []
    var value = 0.0
    /// Milliseconds since 1970; nil when the text leaves it to the reader.
    var time: Int64?
    var exemplar: Exemplar?
  }

  package struct Exemplar: Equatable {
    var labels: [Label] = []
    var value = 0.0
    var time: Int64?
  }

  /// Why a text is refused.
  package struct Malformed: Error, CustomStringConvertible {
    let line: Int
    package let description: String
  }

  let isOpenMetrics: Bool

  private var bytes: ArraySlice<UInt8> = []
  private var number = 0

  package init(isOpenMetrics: Bool) { self.isOpenMetrics = isOpenMetrics }

  /// Calls the body for every line that says something. Throws `Malformed`, and what the body throws.
  package mutating func parse(_ text: [UInt8], _ body: (Line) throws -> Void) throws {
    var hasEnded = false
    for line in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      bytes = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      skipBlanks()
      if bytes.isEmpty { continue }
      if hasEnded { throw fault("something stands behind # EOF") }
      if let line = bytes.first == UInt8(ascii: "#") ? try comment() : .sample(try sample()) {
        hasEnded = line == .end
        try body(line)
      }
    }
    if isOpenMetrics, !hasEnded { throw fault("# EOF is missing: the text was cut") }
  }

  // MARK: Comments

  private mutating func comment() throws -> Line? {
    bytes.removeFirst()
    skipBlanks()
    let word = token()
    if word == "EOF", isOpenMetrics { return .end }
    guard word == "HELP" || word == "TYPE" || word == "UNIT" && isOpenMetrics else { return nil }
    skipBlanks()
    let family = bytes.first == UInt8(ascii: "\"") ? try quoted() : token()
    guard !family.isEmpty else { throw fault("\(word) names no metric") }
    skipBlanks()
    switch word {
    case "HELP": return .help(family: family, text: unescaped(bytes))
    case "TYPE": return .type(family: family, word: token())
    default: return .unit(family: family, unit: token())
    }
  }

  // MARK: Samples

  private mutating func sample() throws -> Sample {
    var sample = Sample()
    sample.name = token(until: UInt8(ascii: "{"))
    skipBlanks()
    if bytes.first == UInt8(ascii: "{") { sample.labels = try labels(&sample.name) }
    guard !sample.name.isEmpty else { throw fault("a sample has no name") }
    sample.value = try value()
    skipBlanks()
    if let first = bytes.first, first != UInt8(ascii: "#") { sample.time = try time() }
    skipBlanks()
    if bytes.first == UInt8(ascii: "#"), isOpenMetrics { sample.exemplar = try exemplar() }
    skipBlanks()
    guard bytes.isEmpty else { throw fault("something stands behind the sample") }
    return sample
  }

  private mutating func exemplar() throws -> Exemplar {
    bytes.removeFirst()
    skipBlanks()
    var exemplar = Exemplar()
    guard bytes.first == UInt8(ascii: "{") else { throw fault("an exemplar has no labels") }
    var name = ""
    exemplar.labels = try labels(&name)
    exemplar.value = try value()
    skipBlanks()
    if !bytes.isEmpty { exemplar.time = try time() }
    return exemplar
  }

  /// `{a="b",c="d"}`; a text without a value among them is the name.
  private mutating func labels(_ name: inout String) throws -> [Label] {
    bytes.removeFirst()
    var labels: [Label] = []
    while true {
      skipBlanks()
      if bytes.first == UInt8(ascii: "}") { break }
      let isQuoted = bytes.first == UInt8(ascii: "\"")
      let key = isQuoted ? try quoted() : token(until: UInt8(ascii: "="))
      skipBlanks()
      if bytes.first == UInt8(ascii: "=") {
        bytes.removeFirst()
        skipBlanks()
        guard bytes.first == UInt8(ascii: "\"") else { throw fault("the value of a label is not in quotes") }
        guard !key.isEmpty else { throw fault("a label has no name") }
        labels.append(Label(name: key, value: try quoted()))
      } else {
        guard isQuoted, name.isEmpty else { throw fault("a label has no value") }
        name = key
      }
      skipBlanks()
      if bytes.first == UInt8(ascii: ",") {
        bytes.removeFirst()
      } else if bytes.first != UInt8(ascii: "}") {
        throw fault("the labels do not end")
      }
    }
    bytes.removeFirst()
    return labels
  }

  private mutating func value() throws -> Double {
    skipBlanks()
    let word = token()
    if let value = Self.number(word) { return value }
    throw fault("a value is not a number")
  }

  /// As Go's `ParseFloat` reads numbers, without its hexadecimal ones.
  static func number(_ word: String) -> Double? {
    switch word.lowercased() {
    case "nan": return .nan
    case "inf", "+inf", "infinity", "+infinity": return .infinity
    case "-inf", "-infinity": return -.infinity
    default: return word.contains(where: { $0 == "x" || $0 == "X" || $0 == "n" || $0 == "N" }) ? nil : Double(word)
    }
  }

  /// Milliseconds in 0.0.4, seconds in OpenMetrics.
  private mutating func time() throws -> Int64 {
    let word = token()
    if isOpenMetrics {
      guard let seconds = Double(word), abs(seconds) < 9e12 else { throw fault("a time is not a number") }
      return Int64((seconds * 1000).rounded())
    }
    guard let milliseconds = Int64(word) else { throw fault("a time is not a whole number") }
    return milliseconds
  }

  // MARK: Pieces

  private func fault(_ text: String) -> Malformed { Malformed(line: number, description: "line \(number): \(text)") }

  private mutating func skipBlanks() {
    bytes = bytes.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
  }

  /// What stands before a blank, or before `end`.
  private mutating func token(until end: UInt8 = UInt8(ascii: " ")) -> String {
    let word = bytes.prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") && $0 != end && $0 != UInt8(ascii: "}") }
    bytes = bytes[word.endIndex...]
    return String(decoding: word, as: UTF8.self)
  }

  /// A text in quotes, which stands here.
  private mutating func quoted() throws -> String {
    var end = bytes.startIndex + 1
    while end < bytes.endIndex, bytes[end] != UInt8(ascii: "\"") { end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1 }
    guard end < bytes.endIndex else { throw fault("a text in quotes does not end") }
    let text = unescaped(bytes[bytes.startIndex + 1..<end])
    bytes = bytes[(end + 1)...]
    return text
  }

  /// `\n`, `\\` and `\"`; a backslash before anything else is one.
  private func unescaped(_ text: ArraySlice<UInt8>) -> String {
    guard text.contains(UInt8(ascii: "\\")) else { return String(decoding: text, as: UTF8.self) }
    var result: [UInt8] = []
    var index = text.startIndex
    while index < text.endIndex {
      let next = index + 1 < text.endIndex ? text[index + 1] : 0
      switch (text[index], next) {
      case (UInt8(ascii: "\\"), UInt8(ascii: "n")): result.append(UInt8(ascii: "\n"))
      case (UInt8(ascii: "\\"), UInt8(ascii: "\\")), (UInt8(ascii: "\\"), UInt8(ascii: "\"")): result.append(next)
      default:
        result.append(text[index])
        index += 1
        continue
      }
      index += 2
    }
    return String(decoding: result, as: UTF8.self)
  }
}
