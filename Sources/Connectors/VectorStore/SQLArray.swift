/// Lists of texts as PostgreSQL writes arrays.
enum SQLArray {
  /// `{"a","b \"c\""}`: to be bound as a value and cast.
  static func literal(_ texts: some Sequence<String>) -> String {
    let quoted = texts.map { text in
      "\"" + text.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] } + "\""
    }
    return "{\(quoted.joined(separator: ","))}"
  }

  /// The numbers of a `real[]` of one dimension, as `encode(array_send(…), 'hex')` writes it; nil when there are not so many, or one is NULL.
  ///
  /// ```
  /// dimensions: 1 │ has nulls: 0 │ oid of real: 700 │ count │ first index │ for each: 4, the number
  /// ```
  /// All of 32 bits, big-endian, eight hexadecimal digits each.
  static func floats(_ text: String, count: Int) -> [Float]? {
    var text = text
    return text.withUTF8 { digits -> [Float]? in
      guard digits.count == 8 * (5 + 2 * count) else { return nil }
      let head = (0..<4).map { word(digits, $0) }
      guard head == [1, 0, 700, UInt32(clamping: count)] else { return nil }
      var numbers: [Float] = []
      numbers.reserveCapacity(count)
      for index in 0..<count {
        guard word(digits, 5 + 2 * index) == 4, let bits = word(digits, 6 + 2 * index) else { return nil }
        numbers.append(Float(bitPattern: bits))
      }
      return numbers
    }
  }

  private static func word(_ digits: UnsafeBufferPointer<UInt8>, _ number: Int) -> UInt32? {
    var word: UInt32 = 0
    for at in (8 * number)..<(8 * number + 8) {
      switch digits[at] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): word = word << 4 | UInt32(digits[at] - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): word = word << 4 | UInt32(digits[at] - UInt8(ascii: "a") + 10)
      default: return nil
      }
    }
    return word
  }
}
