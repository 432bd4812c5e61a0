import Connectors
import Dataflow
import Foundation
import FoundationNetworking
import RawServer
import Synchronization
import Testing

/// Receivers that are given the same address.
@Suite("receivers that share an address")
struct SharedServersTests {
  private func receiver(_ signal: OTLPSignal, _ http: Int, _ grpc: Int, seconds: Int64 = 30) -> (PushReceiver, ReceivedRequests) {
    let client = LocalTopicClient(root: "/nowhere", settings: LocalTopicSettings())
    var options = PushOptions(OTLPProtocol(signals: [signal]), address: ListenAddress(port: http), client: client, topic: "t")
    options.grpc = ListenAddress(port: grpc)
    options.limits.bodySeconds = seconds
    let received = ReceivedRequests()
    return (PushReceiver(options, now: { 0 }) { try received.take($0) }, received)
  }

  private func listening(_ receiver: PushReceiver) async throws -> (http: Int, grpc: Int) {
    receiver.start()
    for _ in 0..<5_000 {
      if case .listening(let http) = receiver.state, case .listening(let grpc) = receiver.grpcState { return (http, grpc) }
      if let failure = receiver.failure { throw PushRejection(.unavailable, failure) }
      try await Task.sleep(nanoseconds: 1_000_000)
    }
    throw PushRejection(.tooSlow, "the receiver does not listen")
  }

  /// Two ports that were free a moment ago.
  private func ports() async throws -> (http: Int, grpc: Int) {
    let (probe, _) = receiver(.logs, 0, 0)
    let ports = try await listening(probe)
    await probe.stop()
    try await released(ports.http)
    return ports
  }

  /// Waits until nobody listens: a server ends a moment after it was stopped.
  private func released(_ port: Int) async throws {
    for _ in 0..<5_000 {
      guard RawClient(port: port) != nil else { return }
      try await Task.sleep(nanoseconds: 1_000_000)
    }
    Issue.record("port \(port) is still listened on")
  }

  private func post(_ port: Int, _ signal: OTLPSignal) async throws -> HTTPURLResponse {
    var request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(port)\(signal.path)")))
    request.httpMethod = "POST"
    request.httpBody = Data("{}".utf8)
    request.setValue("application/json", forHTTPHeaderField: "Content-Type")
    return try #require(try await URLSession.shared.data(for: request).1 as? HTTPURLResponse)
  }

  private func call(_ port: Int, _ signal: OTLPSignal) throws -> String? {
    let client = try #require(GRPCClient(port: port))
    client.call(signal.method, [GRPCMessage.framed([0x0A, 0x00])])
    return try client.reply().status
  }

  @Test("each gets what is its own, over HTTP and gRPC, and the last one to leave frees the address")
  func shares() async throws {
    let ports = try await ports()
    let ((logs, logged), (spans, traced)) = (receiver(.logs, ports.http, ports.grpc), receiver(.traces, ports.http, ports.grpc))
    _ = try await listening(logs)
    _ = try await listening(spans)
    #expect(try await post(ports.http, .logs).statusCode == 200)
    #expect(try await post(ports.http, .traces).statusCode == 200)
    #expect(try await post(ports.http, .metrics).statusCode == 404)
    #expect(try call(ports.grpc, .logs) == "0")
    #expect(try call(ports.grpc, .traces) == "0")
    #expect(try call(ports.grpc, .metrics) == "12")
    #expect(logged.requests.withLock { $0 } == ["{}", #"{"resourceLogs":[{}]}"#])
    #expect(traced.requests.withLock { $0 } == ["{}", #"{"resourceSpans":[{}]}"#])
    await logs.stop()
    #expect(try await post(ports.http, .traces).statusCode == 200)
    await spans.stop()
    try await released(ports.http)
    let (next, _) = receiver(.metrics, ports.http, ports.grpc)
    _ = try await listening(next)
    #expect(try await post(ports.http, .metrics).statusCode == 200)
    await next.stop()
  }

  @Test("while a receiver is away its senders are told to come back, and it goes on when it is there again")
  func comesBack() async throws {
    let ports = try await ports()
    let ((logs, _), (spans, _)) = (receiver(.logs, ports.http, ports.grpc), receiver(.traces, ports.http, ports.grpc))
    _ = try await listening(logs)
    _ = try await listening(spans)
    await logs.stop()
    let away = try await post(ports.http, .logs)
    #expect(away.statusCode == 503 && away.value(forHTTPHeaderField: "Retry-After") == "1")
    #expect(try call(ports.grpc, .logs) == "14")
    let (again, received) = receiver(.logs, ports.http, ports.grpc)
    _ = try await listening(again)
    #expect(try await post(ports.http, .logs).statusCode == 200)
    #expect(received.requests.withLock { $0.count } == 1)
    await again.stop()
    await spans.stop()
  }

  @Test("what another one takes, and other limits, are refused with the address")
  func refuses() async throws {
    let ports = try await ports()
    let (first, _) = receiver(.logs, ports.http, ports.grpc)
    _ = try await listening(first)
    let (same, _) = receiver(.logs, ports.http, ports.grpc)
    same.start()
    #expect(same.failure == "another source of this process takes \(OTLPSignal.logs.method) on 127.0.0.1:\(ports.grpc)")
    let (other, _) = receiver(.traces, ports.http, ports.grpc, seconds: 7)
    other.start()
    #expect(other.failure?.contains("with other limits") == true)
    await same.stop()
    await other.stop()
    #expect(try await post(ports.http, .logs).statusCode == 200)
    await first.stop()
  }
}
