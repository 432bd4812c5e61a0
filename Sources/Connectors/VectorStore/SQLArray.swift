/// Lists of texts as PostgreSQL writes arrays.
enum SQLArray {
  /// `{"a","b \"c\""}`: to be bound as a value and cast.
  static func literal(_ texts: some Sequence<String>) -> String {
    let quoted = texts.map { text in
      "\"" + text.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] } + "\""
    }
    return "{\(quoted.joined(separator: ","))}"
  }

  /// The numbers of a `real[]`; nil when one of them is NULL or no number.
  static func floats(_ text: String) -> [Float]? {
    guard text.hasPrefix("{"), text.hasSuffix("}") else { return nil }
    var numbers: [Float] = []
    for part in text.utf8.dropFirst().dropLast().split(separator: UInt8(ascii: ",")) {
      guard let number = Float(Substring(part)) else { return nil }
      numbers.append(number)
    }
    return numbers
  }
}
