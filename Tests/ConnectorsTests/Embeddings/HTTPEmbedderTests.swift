import Connectors
import Dataflow
import Foundation
import RawServer
import Search
import Synchronization
import Testing

@Suite("the embedder over HTTP", .timeLimit(.minutes(2)))
struct HTTPEmbedderTests {
  /// A vector that depends on the text, of three numbers.
  private static func vector(_ text: String) -> [Double] { [Double(text.utf8.count), 1, 0] }

  private static func texts(_ request: RawServer.Request) -> [String] {
    let object = (try? JSONSerialization.jsonObject(with: Data(request.body))) as? [String: Any]
    return (object?["input"] ?? object?["inputs"]) as? [String] ?? []
  }

  private static func answer(_ status: String, _ body: Any, _ headers: String = "") -> RawServer.Answer {
    let text = (body as? String) ?? (try? JSONSerialization.data(withJSONObject: body)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    return .text("HTTP/1.1 \(status)\r\nContent-Length: \(text.utf8.count)\r\n\(headers)\r\n\(text)")
  }

  /// What OpenAI's API answers; in any order, since each vector has its index.
  private static func openAI(_ texts: [String]) -> RawServer.Answer {
    let items = texts.enumerated().map { ["index": $0, "embedding": vector($1), "object": "embedding"] as [String: Any] }
    return answer("200 OK", ["object": "list", "data": Array(items.reversed()), "model": "m"])
  }

  private func embedder(
    _ server: RawServer, _ dialect: HTTPEmbedderOptions.Dialect = .openAI, runtime: any Runtime = VirtualRuntime(),
    _ change: (inout HTTPEmbedderOptions) -> Void = { _ in }
  ) throws -> HTTPEmbedder {
    var options = HTTPEmbedderOptions(dialect: dialect, url: server.url("/v1/embeddings"), token: "secret-token", model: "m", dimensions: 3)
    change(&options)
    return try HTTPEmbedder(options, runtime: runtime)
  }

  private func failure(_ embedder: HTTPEmbedder, _ texts: [String] = ["a", "bb"]) async -> EmbeddingError? {
    do throws(EmbeddingError) {
      _ = try await embedder.embed(texts)
      return nil
    } catch { return error }
  }

  @Test("OpenAI's kind: model, texts and token are sent, vectors come back in the order of the texts and at length 1")
  func openAI() async throws {
    let server = try RawServer { Self.openAI(Self.texts($0)) }
    let vectors = try await embedder(server).embed(["a", "bbb", ""])
    for (vector, text) in zip(vectors, ["a", "bbb", ""]) {
      #expect(vector == VectorCheck.normalized(Self.vector(text).map { Float($0) }))
    }
    let request = try #require(server.requests.first)
    #expect(request.method == "POST" && request.header("authorization") == "Bearer secret-token")
    let body = try #require(try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any])
    #expect(body["model"] as? String == "m" && body["input"] as? [String] == ["a", "bbb", ""])
  }

  @Test("text-embeddings-inference: a list of vectors in the order of the texts")
  func inference() async throws {
    let server = try RawServer { Self.answer("200 OK", Self.texts($0).map(Self.vector)) }
    let vectors = try await embedder(server, .textEmbeddingsInference).embed(["a", "bbb"])
    #expect(vectors == ["a", "bbb"].compactMap { VectorCheck.normalized(Self.vector($0).map { Float($0) }) })
  }

  @Test("no call has more texts or bytes than the provider takes; one text that is larger goes alone")
  func limits() async throws {
    let server = try RawServer { Self.openAI(Self.texts($0)) }
    let embedder = try embedder(server) { ($0.maxTexts, $0.maxBytes) = (4, 100) }
    let texts = (0..<10).map { "\($0)" } + [String(repeating: "x", count: 5000), "y", String(repeating: "z", count: 99), "zz"]
    #expect(try await embedder.embed(texts).count == texts.count)
    #expect(
      server.requests.map { Self.texts($0).count } == [4, 4, 2, 1, 1, 1, 1]
        || server.requests.map { Self.texts($0).count } == [4, 4, 2, 1, 2, 1])
  }

  @Test(
    "429 and 5xx are tried again, as late as Retry-After says",
    arguments: ["429 Too Many Requests", "500 No", "502 No", "503 Busy", "504 Late"])
  func busy(status: String) async throws {
    let count = Mutex(0)
    let server = try RawServer { request in
      let call = count.withLock { count in
        count += 1
        return count
      }
      return call <= 2 ? Self.answer(status, "{}", "Retry-After: 7\r\n") : Self.openAI(Self.texts(request))
    }
    let runtime = VirtualRuntime()
    let start = runtime.now()
    #expect(try await embedder(server, runtime: runtime).embed(["a"]).count == 1)
    #expect(server.requests.count == 3 && runtime.now() - start >= 14_000_000_000)
  }

  @Test("a provider that is down for 60 seconds loses nothing: the call passes when it is back")
  func down() async throws {
    let runtime = VirtualRuntime()
    let back = runtime.now() + 60_000_000_000
    let server = try RawServer { runtime.now() < back ? .reset : Self.openAI(Self.texts($0)) }
    let embedder = try embedder(server, runtime: runtime)
    let vectors = try await withThrowingTaskGroup(of: [[Float]].self) { group in
      for number in 0..<8 { group.addTask { try await embedder.embed(["text \(number)"]) } }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(vectors.count == 8 && runtime.now() >= back)
    // The breaker: eight callers for a minute did not knock hundreds of times.
    #expect(server.requests.count < 80, "\(server.requests.count) requests")
  }

  @Test("a provider that stays away is given up in time, and the error says so without the token")
  func gone() async throws {
    let runtime = VirtualRuntime()
    let server = try RawServer { _ in Self.answer("503 Busy", "{}") }
    let start = runtime.now()
    let error = await failure(try embedder(server, runtime: runtime) { $0.giveUpAfter = 120_000_000_000 })
    #expect(error?.kind == .transient && error?.message.contains("503") == true && error?.hint.isEmpty == false)
    #expect(runtime.now() - start <= 121_000_000_000)
    #expect(error.map { !"\($0)".contains("secret") } == true)
  }

  @Test("silence is a timeout, tried again")
  func silence() async throws {
    let count = Mutex(0)
    let server = try RawServer { request in
      let isFirst = count.withLock { count in
        count += 1
        return count == 1
      }
      return isFirst ? .silence : Self.openAI(Self.texts(request))
    }
    #expect(try await embedder(server) { $0.timeout = 300_000_000 }.embed(["a"]).count == 1)
    #expect(server.requests.count == 2)
  }

  @Test(
    "what will not pass is not tried again, and says whose fault it is",
    arguments: [
      ("400 Bad", EmbeddingError.Kind.refused), ("413 Large", .refused), ("422 No", .refused), ("401 Who", .unusable),
      ("403 No", .unusable),
      ("404 None", .unusable), ("418 Tea", .unusable),
    ])
  func refused(status: String, kind: EmbeddingError.Kind) async throws {
    let server = try RawServer { _ in Self.answer(status, "{}") }
    #expect(await failure(try embedder(server))?.kind == kind)
    #expect(server.requests.count == 1)
  }

  @Test("vectors of another size are an error that names both sizes")
  func wrongSize() async throws {
    let server = try RawServer {
      Self.answer("200 OK", ["data": Self.texts($0).indices.map { ["index": $0, "embedding": [1, 2, 3, 4]] as [String: Any] }])
    }
    let error = await failure(try embedder(server))
    #expect(error?.kind == .unusable && error?.message == "the provider's vectors have 4 numbers, not 3")
  }

  @Test(
    "an answer that cannot be used is an error: no vector is made of it",
    arguments: [
      // Numbers that are none, no direction, too few, too many, one twice, one beyond, no JSON, another kind of JSON.
      #"{"data":[{"index":0,"embedding":[null,1,2]},{"index":1,"embedding":[1,1,1]}]}"#,
      #"{"data":[{"index":0,"embedding":[NaN,1,2]},{"index":1,"embedding":[1,1,1]}]}"#,
      #"{"data":[{"index":0,"embedding":[1e300,1,2]},{"index":1,"embedding":[1,1,1]}]}"#,
      #"{"data":[{"index":0,"embedding":[0,0,0]},{"index":1,"embedding":[1,1,1]}]}"#,
      #"{"data":[{"index":0,"embedding":[1,1,1]}]}"#,
      #"{"data":[{"index":0,"embedding":[1,1,1]},{"index":1,"embedding":[1,1,1]},{"index":2,"embedding":[1,1,1]}]}"#,
      #"{"data":[{"index":1,"embedding":[1,1,1]},{"index":1,"embedding":[1,1,1]}]}"#,
      #"{"data":[{"index":0,"embedding":[1,1,1]},{"index":9,"embedding":[1,1,1]}]}"#,
      "<html>", "", "[]", "{}",
    ])
  func unusable(body: String) async throws {
    let server = try RawServer { _ in Self.answer("200 OK", body) }
    let error = await failure(try embedder(server))
    #expect(error?.kind == .refused, "\(error.map { "\($0)" } ?? "no error")")
    #expect(server.requests.count == 1)
  }

  @Test("a cancelled call ends, and the next one is not held up by it")
  func cancelled() async throws {
    let server = try RawServer { Self.texts($0) == ["wait"] ? .silence : Self.openAI(Self.texts($0)) }
    let embedder = try embedder(server)
    let task = Task { await failure(embedder, ["wait"]) }
    while server.requests.isEmpty { await Task.yield() }
    task.cancel()
    #expect(await task.value != nil)
    #expect(try await embedder.embed(["a"]).count == 1)
  }
}
