/// Cuts endings off English words, so that `refused`, `refusing` and `refuse` are one.
///
/// A light stemmer: one plural, then one ending, longest first. Too short a rest keeps its ending.
enum Stem {
  private static let endings: [[UInt8]] = [
    "ication", "ation", "ition", "ement", "ingly", "edly", "ment", "ness", "able", "ible", "tion", "sion", "ing", "ion", "ers", "ed", "er",
    "or", "ly", "al", "e",
  ].map { Array($0.utf8) }

  /// The stem of a word in lower case. O(its length).
  static func of(_ word: [UInt8]) -> [UInt8] {
    guard word.count > 3 else { return word }
    var word = word
    singular(&word)
    if let ending = endings.first(where: { word.count - $0.count >= 3 && word.suffix($0.count).elementsEqual($0) }) {
      word.removeLast(ending.count)
    }
    // stopp(ed), but fill(ed) and pass(ed).
    if word.count > 3, let last = word.last, last == word[word.count - 2], last != UInt8(ascii: "l"), last != UInt8(ascii: "s") {
      word.removeLast()
    }
    if word.count > 3, word.last == UInt8(ascii: "y") { word[word.count - 1] = UInt8(ascii: "i") }
    return word
  }

  private static func singular(_ word: inout [UInt8]) {
    func ends(_ text: StaticString) -> Bool {
      word.count >= text.utf8CodeUnitCount && word.suffix(text.utf8CodeUnitCount).elementsEqual(bytes(text))
    }
    func bytes(_ text: StaticString) -> UnsafeBufferPointer<UInt8> {
      UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }
    if ends("ies"), word.count > 4 {
      word.removeLast(3)
      word.append(UInt8(ascii: "y"))
    } else if ends("sses") {
      word.removeLast(2)
    } else if ends("s"), !ends("ss"), !ends("us") {
      word.removeLast()
    }
  }
}
