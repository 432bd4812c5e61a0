/// BERT's tokenizer: a text becomes the numbers of the longest known pieces of its words, between `[CLS]` and `[SEP]`.
///
/// Gives what Hugging Face's `tokenizers` gives for the `tokenizer.json` of an uncased model; a test compares the two.
public struct WordPiece: Sendable {
  /// The most ids of one text, the two at its ends included.
  public let maxTokens: Int
  private let vocabulary: Vocabulary
  private let unknown: Int32
  private let begin: Int32
  private let end: Int32
  private let special: [(text: [UInt8], id: Int32)]
  /// Longer words are unknown as a whole, as in the reference.
  private static let maxCharacters = 100
  /// No text is read further: more than fills a sequence of ids unless nearly all of it is blanks or one long word.
  private static let maxBytes = 64 << 10

  /// - Parameters:
  ///   - vocabulary: the bytes of a `vocab.txt`.
  ///   - maxTokens: what the model was made for; longer texts are cut.
  /// - Returns: nil when it has not the pieces `[CLS]`, `[SEP]` and `[UNK]`, so that it is none.
  public init?(vocabulary bytes: [UInt8], maxTokens: Int = 256) {
    vocabulary = Vocabulary(lines: bytes)
    guard maxTokens >= 3, let unknown = vocabulary.number(of: "[UNK]"), let begin = vocabulary.number(of: "[CLS]"),
      let end = vocabulary.number(of: "[SEP]")
    else { return nil }
    (self.maxTokens, self.unknown, self.begin, self.end) = (maxTokens, unknown, begin, end)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].compactMap { [vocabulary] name in
      vocabulary.number(of: name).map { (Array(name.utf8), $0) }
    }
  }

  /// The ids of a text: between 2 and `maxTokens`. O(bytes), of which no more than 64 KiB are read.
  public func ids(_ text: String) -> [Int32] {
    var ids = [begin]
    for part in parts(text) where ids.count < maxTokens {
      switch part {
      case .special(let id): ids.append(id)
      case .text(let text):
        BasicTokens.forEach(text) { word, characters in
          append(word, characters, to: &ids)
          return ids.count < maxTokens - 1
        }
      }
    }
    if ids.count > maxTokens - 1 { ids.removeLast(ids.count - maxTokens + 1) }
    ids.append(end)
    return ids
  }

  private enum Part {
    case text(String)
    case special(Int32)
  }

  /// The names of the model's own tokens stand for these tokens wherever a text has them, as in the reference.
  private func parts(_ text: String) -> [Part] {
    let bytes = Array(text.utf8.prefix(Self.maxBytes))
    guard bytes.contains(UInt8(ascii: "[")) else { return [.text(String(decoding: bytes, as: UTF8.self))] }
    var parts: [Part] = []
    var (start, at) = (0, 0)
    while at < bytes.count {
      if bytes[at] == UInt8(ascii: "["), let found = special.first(where: { bytes[at...].starts(with: $0.text) }) {
        if start < at { parts.append(.text(String(decoding: bytes[start..<at], as: UTF8.self))) }
        parts.append(.special(found.id))
        at += found.text.count
        start = at
      } else {
        at += 1
      }
    }
    if start < bytes.count { parts.append(.text(String(decoding: bytes[start...], as: UTF8.self))) }
    return parts
  }

  private func append(_ word: [UInt8], _ characters: Int, to ids: inout [Int32]) {
    guard characters <= Self.maxCharacters else { return ids.append(unknown) }
    let first = ids.count
    // A piece inside a word is written with ## before it; the two bytes before the rest of the word are put there for the look-up.
    var spelled: [UInt8] = [35, 35]
    spelled.append(contentsOf: word)
    var start = 2
    while start < spelled.count {
      guard let (id, next) = longest(&spelled, from: start) else {
        ids.removeLast(ids.count - first)
        return ids.append(unknown)
      }
      ids.append(id)
      start = next
    }
  }

  /// The longest known piece that begins there, and where it ends.
  private func longest(_ spelled: inout [UInt8], from start: Int) -> (id: Int32, next: Int)? {
    let isInside = start > 2
    let saved = (spelled[start - 2], spelled[start - 1])
    if isInside { (spelled[start - 2], spelled[start - 1]) = (35, 35) }
    defer { (spelled[start - 2], spelled[start - 1]) = saved }
    return spelled.withUnsafeBytes { bytes in
      var end = bytes.count
      while end > start {
        let piece = UnsafeRawBufferPointer(rebasing: bytes[(isInside ? start - 2 : start)..<end])
        if let id = vocabulary.number(of: piece) { return (id, end) }
        // Not between the bytes of one character.
        repeat { end -= 1 } while end > start && bytes[end] & 0xC0 == 0x80
      }
      return nil
    }
  }
}
