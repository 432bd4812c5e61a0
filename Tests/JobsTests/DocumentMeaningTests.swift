import Jobs
import Testing

@Suite("what documents mean for a job")
struct DocumentMeaningTests {
  private static let text = """
    kind: Connection
    metadata: { name: topics }
    spec: { type: local, config: { path: "${TOPICS}" } }
    ---
    kind: Job
    metadata: { name: one }
    spec: { sources: { a: { type: file } } }
    ---
    kind: Job
    metadata: { name: two }
    spec: { sources: { b: { type: file } } }
    """

  @Test(
    "comments, spaces, the way of writing and other jobs change nothing",
    arguments: [
      ("kind: Connection", "# what is read\nkind: Connection   # here"),
      ("spec: { sources: { a: { type: file } } }", "spec:\n  sources:\n    a:\n      type: 'file'"),
      ("metadata: { name: two }", "metadata: { name: three }"), ("b: {", "c: {"),
    ])
  func same(old: String, new: String) {
    let changed = Self.text.replacing(old, with: new)
    #expect(changed != Self.text)
    let meaning = DocumentMeaning(Self.text, job: "one")
    #expect(meaning != nil && meaning == DocumentMeaning(changed, job: "one"))
  }

  @Test(
    "values of the job and of connections do",
    arguments: [("a: {", "c: {"), ("${TOPICS}", "topics"), ("name: one", "name: other"), ("type: local", "type: kafka")])
  func other(old: String, new: String) {
    #expect(DocumentMeaning(Self.text, job: "one") != DocumentMeaning(Self.text.replacing(old, with: new), job: "one"))
  }

  @Test("what cannot be read means nothing")
  func unreadable() { #expect(DocumentMeaning("a: [", job: "one") == nil) }
}
