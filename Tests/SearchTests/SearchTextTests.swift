import Search
import Testing

@Suite("search text")
struct SearchTextTests {
  @Test("holes go, names in camel case are taken apart, everything else stays")
  func text() {
    #expect(
      SearchText.of("BLOCK* NameSystem.addStoredBlock: blockMap updated: <*> is added to <*>")
        == "BLOCK* Name System.add Stored Block: block Map updated: is added to")
    #expect(SearchText.of("user <email> from <ip> not found") == "user from not found")
    #expect(SearchText.of("HTTPServer2 x<y > z <not a hole>") == "HTTP Server2 x<y > z <not a hole>")
    #expect(SearchText.of("  a\t\n b ") == "a b")
    #expect(SearchText.of("日志 <*> 失败") == "日志 失败")
  }

  @Test("a template of holes has no text")
  func empty() {
    for template in ["", " ", "<*>", "<*> <num>\n"] { #expect(SearchText.of(template).isEmpty, "\(template)") }
  }

  @Test("a huge template is read to its limit only")
  func huge() { #expect(SearchText.of(String(repeating: "ab ", count: 3_000_000)).utf8.count <= 8 << 10) }
}

@Suite("search by words")
struct LexicalIndexTests {
  private func index(_ templates: [String]) -> LexicalIndex {
    var index = LexicalIndex()
    for template in templates { index.add(template) }
    return index
  }

  private func best(_ question: String, _ templates: [String]) -> String? {
    let scores = index(templates).scores(question)
    return scores.indices.max { scores[$0] < scores[$1] }.map { templates[$0] }
  }

  private let templates = [
    "Failed password for invalid user <*> from <*>", "session closed for user <*>", "blockMap updated: <*>", "Deleting block <*> file <*>",
    "disk <*> is full", "Starting Socket Reader for port <*>",
  ]

  @Test("words, their other forms, their parts and their synonyms find a template")
  func finds() {
    #expect(best("invalid password", templates) == templates[0])
    #expect(best("sessions closing", templates) == templates[1])
    #expect(best("block map", templates) == templates[2])
    #expect(best("removed blocks", templates) == templates[3])
    #expect(best("volume exhausted", templates) == templates[4])
    #expect(best("socketreader", templates) == templates[5])
  }

  @Test("the best has the highest score, which is at most 1; what has nothing in common has 0")
  func scale() {
    let scores = index(templates).scores("password")
    #expect(scores.max().map { $0 > 0.5 && $0 <= 1 } == true)
    #expect(index(["aaa bbb", "ccc"]).scores("zzz") == [0, 0])
  }

  @Test("empty questions, empty templates and other scripts are no accident")
  func odd() {
    #expect(index(["", "<*>", "a"]).scores("") == [0, 0, 0])
    #expect(index([]).scores("password").isEmpty)
    #expect(best("失败", ["连接", "失败"]) == "失败")
    #expect(index(["é", "ü"]).scores("🙂").allSatisfy { $0 == 0 })
  }
}
