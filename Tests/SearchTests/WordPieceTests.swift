import Search
import Testing

@Suite("WordPiece")
struct WordPieceTests {
  private static let pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##aff", "##able", "a", ",", "run", "##ning", "中"]

  private func small(_ maxTokens: Int = 256) throws -> WordPiece {
    try #require(WordPiece(vocabulary: Array(Self.pieces.joined(separator: "\n").utf8) + [10], maxTokens: maxTokens))
  }

  @Test(
    "the ids of 157 texts of many scripts are those of the reference tokenizer",
    .enabled(if: Fixture.hasVocabulary, "scripts/model.sh gets the vocabulary"))
  func reference() throws {
    let tokenizer = try #require(try Fixture.tokenizer())
    let rows = try Fixture.lines("tokens.jsonl", of: Fixture.Tokens.self)
    #expect(rows.count == 157)
    for row in rows { #expect(tokenizer.ids(row.text) == row.ids, "\(row.text.debugDescription)") }
  }

  @Test("the longest pieces win, and a word of which a part is unknown is unknown as a whole")
  func longest() throws {
    let tokenizer = try small()
    #expect(tokenizer.ids("unaffable") == [2, 5, 6, 7, 3])
    #expect(tokenizer.ids("Running, a") == [2, 10, 11, 9, 8, 3])
    #expect(tokenizer.ids("unrun x") == [2, 1, 1, 3])
    #expect(tokenizer.ids("a中a") == [2, 8, 12, 8, 3])
  }

  @Test("a text without words has the two ids at its ends")
  func empty() throws {
    for text in ["", "  \t\n", "\u{0}\u{7}\u{FFFD}"] { #expect(try small().ids(text) == [2, 3], "\(text.debugDescription)") }
  }

  @Test("long texts are cut to the model's size, however long", arguments: ["a ", "unaffable ", "中", "[MASK]"])
  func cut(word: String) throws {
    let tokenizer = try small(16)
    let ids = tokenizer.ids(String(repeating: word, count: 300_000))
    #expect(ids.count == 16 && ids.first == 2 && ids.last == 3)
  }

  @Test("a word of more than a hundred characters is unknown, of any length and script")
  func longWords() throws {
    #expect(try small().ids(String(repeating: "x", count: 3_000_000)) == [2, 1, 3])
    #expect(try small().ids(String(repeating: "é", count: 101)) == [2, 1, 3])
  }

  @Test("bytes that are no vocabulary are told")
  func noVocabulary() {
    #expect(WordPiece(vocabulary: []) == nil)
    #expect(WordPiece(vocabulary: Array("a\nb\n".utf8)) == nil)
  }
}
