import Connectors
import Dataflow
import Foundation
import Postgres
import Search
import SinkTesting
import Synchronization
import Testing

/// A model that knows two subjects: disks and logins.
private final class SubjectEmbedder: Embedder {
  let model = "subjects"
  let dimensions: Int
  let maxTexts = 8
  let seen = Mutex<[String]>([])
  let failure: EmbeddingError?

  init(failure: EmbeddingError? = nil, dimensions: Int = 3) { (self.failure, self.dimensions) = (failure, dimensions) }

  static func vector(_ text: String) -> [Float] {
    let disk: Float = ["disk", "space", "storage"].contains { text.contains($0) } ? 1 : 0
    let login: Float = ["password", "login", "authentic"].contains { text.contains($0) } ? 1 : 0
    return VectorCheck.normalized([disk, login, 0.1]) ?? [0, 0, 1]
  }

  func embed(_ texts: [String]) async throws(EmbeddingError) -> [[Float]] {
    seen.withLock { $0 += texts }
    if let failure { throw failure }
    return texts.map(Self.vector)
  }
}

@Suite("search over capsules, on real servers", .serialized)
struct CapsuleSearchTests {
  private static let templates = ["no space left on device <*>", "Failed password for <*>", "session opened", "checkpoint complete: <*>"]

  /// Capsules of four templates in two services, hours and severities.
  private func filled(_ place: VectorPlace) throws -> VectorHome {
    let home = try place.home()
    let sink = try Sinks.capsules(home.database.url)
    let (committer, _) = try sink.open(isFresh: true)
    var rows: [[TestValue]] = []
    for (number, template) in Self.templates.enumerated() {
      for hour in 0..<3 {
        var row = Sinks.capsule(
          number < 2 ? "system" : "shop", shape: "shape\(number)", hour: Int64(hour), count: Int64(10 * (number + 1)),
          severities: number == 0 ? #"{"ERROR": 3, "INFO": 7}"# : #"{"INFO": 10}"#,
          samples: .text(#"[{"id":"\#(hour)","message":"sample \#(number) of hour \#(hour)"}]"#))
        row[1] = hour == 2 ? "staging" : "prod"
        row[3] = .text(template)
        rows.append(row)
      }
    }
    #expect(try committer.apply(sink.epoch(1, rows)) == ApplyReport(applied: rows.count))
    let vectors = try home.sink(dimensions: 3)
    let (writer, _) = try vectors.open(id: "vectors", isFresh: true)
    _ = try writer.apply(
      vectors.epoch(
        1,
        Self.templates.enumerated().map { [.text("shape\($0)"), "subjects", .text($1), .floats(SubjectEmbedder.vector($1))] }))
    return home
  }

  private func search(_ home: VectorHome, _ embedder: (any Embedder)? = SubjectEmbedder(), why: String = "") -> CapsuleSearch {
    CapsuleSearch(url: home.database.url, embedder: embedder, why: why, vectors: home.location) { $0.replacing("bo@x.io", with: "<email>") }
  }

  @Test("a question finds what means the same, with counts, severities, times and samples", arguments: VectorPlace.allCases)
  func meaning(place: VectorPlace) async throws {
    let home = try filled(place)
    let result = try await search(home).search(CapsuleQuery("storage is exhausted"))
    #expect(result.method == .meaning && result.model == "subjects" && result.note == nil && result.searched == 4)
    let hit = try #require(result.hits.first)
    #expect(hit.template == Self.templates[0] && hit.fingerprint == "shape0" && hit.services == ["system"])
    #expect(hit.environments == ["prod", "staging"] && hit.count == 30 && hit.severities == ["ERROR": 9, "INFO": 21])
    #expect(hit.firstSeen == "2025-01-02T00:00:00Z" && hit.lastSeen == "2025-01-02T02:00:00Z")
    #expect(hit.samples == ["sample 0 of hour 2", "sample 0 of hour 1", "sample 0 of hour 0"])
    #expect((hit.similarity ?? 0) > 0.9 && zip(result.hits, result.hits.dropFirst()).allSatisfy { $0.score >= $1.score })
  }

  @Test("filters of service, environment, severity and time leave what they say, and count only that")
  func filters() async throws {
    let home = try filled(.builtIn)
    let search = search(home)
    func ask(_ change: (inout CapsuleQuery) -> Void) async throws -> CapsuleSearchResult {
      var query = CapsuleQuery("disk")
      change(&query)
      return try await search.search(query)
    }
    #expect(try await ask { $0.service = "shop" }.hits.allSatisfy { $0.services == ["shop"] })
    #expect(try await ask { $0.service = "nobody" }.hits.isEmpty)
    #expect(try await ask { $0.environment = "staging" }.hits.first?.count == 10)
    let errors = try await ask { $0.severity = "ERROR" }
    #expect(errors.searched == 1 && errors.hits.map(\.template) == [Self.templates[0]])
    #expect(try await ask { ($0.from, $0.to) = ("2025-01-02T01:00:01Z", "2025-01-02T02:00:00Z") }.hits.first?.count == 10)
    #expect(try await ask { $0.limit = 2 }.hits.count == 2)
    await #expect(throws: PostgresError.self) { _ = try await ask { $0.from = "no time" } }
    // The connection lives on after a mistake.
    #expect(try await ask { _ in }.hits.count == 4)
  }

  @Test("shapes that were refined to one template are one result, with the template's name")
  func aliases() async throws {
    let home = try filled(.builtIn)
    try home.database.client.execute(
      """
      INSERT INTO alias (service, shape, fingerprint, template) VALUES
        ('shop', 'shape2', 'f', 'session <*>'), ('shop', 'shape3', 'f', 'session <*>')
      """)
    let result = try await search(home).search(CapsuleQuery("session"))
    let hit = try #require(result.hits.first { $0.fingerprint == "f" })
    #expect(hit.template == "session <*>" && hit.count == 210 && result.searched == 3)
  }

  @Test("without a model, without vectors, and when the model fails words answer, and the answer says why", arguments: VectorPlace.allCases)
  func words(place: VectorPlace) async throws {
    let home = try filled(place)
    let none = try await search(home, nil, why: "there is no model").search(CapsuleQuery("failed passwords"))
    #expect(none.method == .words && none.model == nil && none.note == "there is no model")
    #expect(none.hits.first?.template == Self.templates[1] && none.hits.allSatisfy { $0.similarity == nil })
    let failing = SubjectEmbedder(failure: EmbeddingError(.transient, "the provider answered 503"))
    let failed = try await search(home, failing).search(CapsuleQuery("failed passwords"))
    #expect(failed.method == .words && failed.note == "the provider answered 503" && failed.hits.first?.template == Self.templates[1])
    try home.drop()
    let empty = try await search(home).search(CapsuleQuery("failed passwords"))
    #expect(empty.method == .words && empty.note?.contains("sloscout run --job embedding") == true && !empty.hits.isEmpty)
  }

  @Test("a store of vectors that does not answer, or has vectors of another size, leaves the search to words, and is named")
  func storeAway() async throws {
    let home = try filled(.milvus)
    let nobody = VectorStores.Location.milvus(MilvusOptions(url: "http://127.0.0.1:1"))
    let search = CapsuleSearch(url: home.database.url, embedder: SubjectEmbedder(), vectors: nobody) { $0 }
    let result = try await search.search(CapsuleQuery("failed passwords"))
    #expect(result.method == .words && result.hits.first?.template == Self.templates[1])
    #expect(result.note?.contains("milvus did not answer") == true && result.note?.contains("hint") == true)
    let wide = SubjectEmbedder(dimensions: 4)
    let other = try await self.search(home, wide).search(CapsuleQuery("failed passwords"))
    #expect(other.method == .words && other.note?.contains("collection of its own") == true)
  }

  @Test("a question is redacted before the model sees it")
  func redacted() async throws {
    let embedder = SubjectEmbedder()
    let home = try filled(.builtIn)
    _ = try await search(home, embedder).search(CapsuleQuery("login of bo@x.io"))
    #expect(embedder.seen.withLock { $0 } == ["login of <email>"])
  }

  @Test("a database without capsules says what to run")
  func noCapsules() async throws {
    let home = try VectorPlace.builtIn.home()
    await #expect(throws: SinkError.self) { _ = try await search(home).search(CapsuleQuery("x")) }
  }

  @Test("empty, huge and foreign questions are no accident", arguments: ["", " ", "日志失败", "'; DROP TABLE alias; --", "\u{0}"])
  func oddQuestions(text: String) async throws {
    let home = try filled(.builtIn)
    let search = search(home)
    _ = try await search.search(CapsuleQuery(text))
    #expect(try await search.search(CapsuleQuery(String(repeating: "disk ", count: 100_000))).hits.first?.template == Self.templates[0])
  }
}
