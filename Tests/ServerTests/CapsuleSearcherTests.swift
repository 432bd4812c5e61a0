import Connectors
import Search
import Server
import Synchronization
import Testing

@Suite("search by meaning in a server")
struct CapsuleSearcherTests {
  private struct Model: Embedder {
    let model = "m"
    let dimensions = 1
    let maxTexts = 1
    func embed(_ texts: [String]) async throws(EmbeddingError) -> [[Float]] { texts.map { _ in [1] } }
  }

  /// Asks a few times, of a database that is not there; answers how often a search was opened.
  private func opens(pause: Duration, modelFrom: Int) async -> Int {
    let count = Mutex(0)
    let searcher = CapsuleSearcher(pause: pause) {
      let number = count.withLock { count in
        count += 1
        return count
      }
      let model: (any Embedder)? = number >= modelFrom ? Model() : nil
      return CapsuleSearch(url: "postgresql://127.0.0.1:1/none?connect_timeout=1", embedder: model, why: "there is no model") { $0 }
    }
    for _ in 0..<5 { await #expect(throws: StoreUnavailable.self) { _ = try await searcher.search(CapsuleQuery("x")) } }
    return count.withLock { $0 }
  }

  @Test("a model that is not there is looked for again, until it is there")
  func looksAgain() async {
    #expect(await opens(pause: .zero, modelFrom: 3) == 3)
    #expect(await opens(pause: .zero, modelFrom: .max) == 5)
  }

  @Test("but not with every question, and a model that is there is kept")
  func notTooOften() async {
    #expect(await opens(pause: .seconds(3600), modelFrom: .max) == 1)
    #expect(await opens(pause: .zero, modelFrom: 1) == 1)
  }

  @Test("a start opens the model where there are vectors, and only there; what goes wrong keeps nobody from asking")
  func preparation() async {
    for (hasVectors, opened) in [(true, 1), (false, 0)] {
      let count = Mutex(0)
      let searcher = CapsuleSearcher(pause: .zero, hasVectors: { hasVectors }) {
        count.withLock { $0 += 1 }
        return CapsuleSearch(url: "postgresql://127.0.0.1:1/none?connect_timeout=1", embedder: Model()) { $0 }
      }
      await searcher.prepare()
      #expect(count.withLock { $0 } == opened)
      await #expect(throws: StoreUnavailable.self) { _ = try await searcher.search(CapsuleQuery("x")) }
      #expect(count.withLock { $0 } == 1)
    }
    struct Away: Error {}
    let searcher = CapsuleSearcher(pause: .zero, hasVectors: { throw Away() }) {
      CapsuleSearch(url: "postgresql://127.0.0.1:1/none?connect_timeout=1", embedder: nil) { $0 }
    }
    await searcher.prepare()
  }
}
