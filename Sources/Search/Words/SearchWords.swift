/// The words of a text that are worth searching: ASCII letters and digits in lower case; other scripts byte for byte, as runs.
enum SearchWords {
  private static let stop = Set(
    """
    a an the of to in on at for by from with and or is are was were be been being it its this that these those as into than then there their them
    they not no did does do has have had would could should can will may might one more about while when which who whom whose what where why how all
    any some so up out over under off too very but if we you he she his her our my your me us just only own same such each other both few most once
    here after before during between through against above below because until
    """.split(whereSeparator: { $0 == " " || $0 == "\n" }).map { Array($0.utf8) })

  /// Words of two bytes and more, in order. The text is that of `SearchText.of`, or a question. O(bytes).
  static func of(_ text: String) -> [[UInt8]] {
    var words: [[UInt8]] = []
    var word: [UInt8] = []
    func end() {
      if word.count > 1, !stop.contains(word) { words.append(word) }
      word.removeAll(keepingCapacity: true)
    }
    for byte in text.utf8 {
      switch byte {
      case 48...57, 97...122, 128...: word.append(byte)
      case 65...90: word.append(byte + 32)
      default: end()
      }
    }
    end()
    return words
  }

  /// Runs of three and four bytes of a word with its ends marked: what words that are not equal have in common.
  static func pieces(of word: [UInt8]) -> [[UInt8]] {
    let marked = [UInt8(ascii: "^")] + word.prefix(64) + [UInt8(ascii: "$")]
    var pieces: [[UInt8]] = []
    for size in 3...4 where marked.count >= size {
      for start in 0...(marked.count - size) { pieces.append(Array(marked[start..<(start + size)])) }
    }
    return pieces
  }
}
