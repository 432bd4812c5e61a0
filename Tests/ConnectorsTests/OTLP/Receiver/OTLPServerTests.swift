import Connectors
import Dataflow
import DataflowTesting
import Foundation
import FoundationNetworking
import Synchronization
import Testing

/// What a receiver handed over to be stored; refuses when told to.
final class ReceivedRequests: Sendable {
  let requests = Mutex<[String]>([])
  let refusal = Mutex<PushRejection?>(nil)

  func take(_ bytes: [UInt8]) throws {
    if let refusal = refusal.withLock({ $0 }) { throw refusal }
    requests.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
  }
}

/// The server on a real port of loopback, with a real client.
@Suite("receiving OTLP over HTTP")
struct OTLPServerTests {
  private func options(_ port: Int, _ signals: [OTLPSignal] = OTLPSignal.allCases) -> PushOptions {
    let client = LocalTopicClient(root: "/nowhere", settings: LocalTopicSettings())
    var options = PushOptions(OTLPProtocol(signals: signals), address: ListenAddress(port: port), client: client, topic: "t")
    options.limits.bodyBytes = 1 << 20
    return options
  }

  private func withServer(_ signals: [OTLPSignal] = OTLPSignal.allCases, _ body: (ReceivedRequests, Int) async throws -> Void) async throws
  {
    let received = ReceivedRequests()
    let server = PushReceiver(options(0, signals), now: { 0 }) { try received.take($0) }
    server.start()
    var port: Int?
    for _ in 0..<5_000 where port == nil {
      if case .listening(let found) = server.state { port = found } else { try await Task.sleep(nanoseconds: 1_000_000) }
    }
    try await body(received, try #require(port))
    await server.stop()
  }

  private func post(
    _ port: Int, _ path: String, _ body: [UInt8], _ headers: [String: String], method: String = "POST"
  ) async throws -> (status: Int, headers: [AnyHashable: Any], body: String) {
    var request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(port)\(path)")))
    request.httpMethod = method
    if method == "POST" { request.httpBody = Data(body) }
    for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
    let (data, response) = try await URLSession.shared.data(for: request)
    let http = try #require(response as? HTTPURLResponse)
    return (http.statusCode, http.allHeaderFields, String(decoding: data, as: UTF8.self))
  }

  @Test("an accepted request is handed over before it is acknowledged, each signal at its path")
  func accepts() async throws {
    try await withServer { received, port in
      let json = try await post(port, "/v1/logs", Array(#"{"resourceLogs":[]}"#.utf8), ["Content-Type": "application/json"])
      #expect(json.status == 200 && json.body == "{}")
      let protobuf = try await post(port, "/v1/traces", [0x0A, 0x00], ["Content-Type": "application/x-protobuf"])
      #expect(protobuf.status == 200 && protobuf.body.isEmpty)
      #expect(protobuf.headers["Content-Type"] as? String == "application/x-protobuf")
      #expect(received.requests.withLock { $0 } == [#"{"resourceLogs":[]}"#, #"{"resourceSpans":[{}]}"#])
    }
  }

  @Test("wrong paths, methods, types and bodies are told so; nothing of them is handed over")
  func rejects() async throws {
    try await withServer([.logs]) { received, port in
      let type = ["Content-Type": "application/json"]
      let long = [UInt8](repeating: 0x20, count: 2 << 20)
      let statuses = [
        try await post(port, "/v1/traces", [], type).status,
        try await post(port, "/v1/logs", [], type, method: "GET").status,
        try await post(port, "/v1/logs", [], ["Content-Type": "text/plain"]).status,
        try await post(port, "/v1/logs", Array("{".utf8), type).status,
        try await post(port, "/v1/logs", long, type).status,
      ]
      #expect(statuses == [404, 405, 415, 400, 413])
      #expect(received.requests.withLock { $0 }.isEmpty)
    }
  }

  @Test("when there is no room the sender is told to come back, in its own encoding")
  func busy() async throws {
    try await withServer { received, port in
      received.refusal.withLock { $0 = PushRejection(.busy, "full") }
      let answer = try await post(port, "/v1/logs", Array("{}".utf8), ["Content-Type": "application/json"])
      #expect(answer.status == 429 && answer.headers["Retry-After"] as? String == "1")
      #expect(answer.body == #"{"code":8,"message":"full"}"#)
    }
  }

  @Test("a port that is taken is an error that says so")
  func taken() async throws {
    try await withServer { _, port in
      let second = PushReceiver(options(port), now: { 0 }) { _ in }
      second.start()
      for _ in 0..<5_000 {
        if case .failed(let why) = second.state {
          #expect(why.contains("cannot listen on 127.0.0.1:\(port)"))
          return
        }
        try await Task.sleep(nanoseconds: 1_000_000)
      }
      Issue.record("the second server neither failed nor said why")
    }
  }
}
