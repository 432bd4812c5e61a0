import Connectors
import Testing

@Suite("which templates are like a question, without a database")
struct TemplateSearchTests {
  private static let templates = [
    "payment provider declined card <*>", "cache warmed in <*> ms", "could not charge the card: gateway timeout", "", "会话已过期",
    "disk <*> is full",
  ]

  @Test("what shares words or their synonyms with the question comes first; what is not wanted, or shares none, does not come")
  func words() throws {
    let search = try TemplateSearch(Self.templates, model: nil)
    #expect(try search.nearest("checkout charge card failed", limit: 2) { _ in true }.sorted() == [0, 2])
    #expect(try search.nearest("checkout charge card failed", limit: 2) { $0 != 2 }.first == 0)
    #expect(try search.nearest("zebra", limit: 5) { _ in true }.isEmpty)
  }

  @Test("empty, huge and foreign questions, no templates and no limit are no accident")
  func odd() throws {
    let search = try TemplateSearch(Self.templates, model: nil)
    for question in ["", " ", "<*>", "\u{0}", String(repeating: "card ", count: 50_000)] {
      _ = try search.nearest(question, limit: 3) { _ in true }
    }
    #expect(try search.nearest("会话已过期", limit: 1) { _ in true } == [4])
    #expect(try search.nearest("card", limit: 0) { _ in true }.isEmpty)
    #expect(try TemplateSearch([], model: nil).nearest("card", limit: 3) { _ in true }.isEmpty)
  }

  @Test("a model that is not there is told, with the way to it")
  func noModel() {
    #expect(throws: (any Error).self) { _ = try TemplateSearch(Self.templates, model: "/nowhere") }
  }
}
