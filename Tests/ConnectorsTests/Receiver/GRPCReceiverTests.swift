import Connectors
import Dataflow
import Gzip
import RawServer
import Synchronization
import Testing

/// The listener for gRPC on a real port of loopback, with a client that does what it likes.
@Suite("receiving OTLP over gRPC")
struct GRPCReceiverTests {
  private static let logs = OTLPSignal.logs.method
  private static let empty = GRPCMessage.framed([0x0A, 0x00])

  private func withReceiver(
    _ change: (inout ListenerLimits) -> Void = { _ in }, _ body: (ReceivedRequests, Int, PushReceiver) async throws -> Void
  ) async throws {
    let client = LocalTopicClient(root: "/nowhere", settings: LocalTopicSettings())
    var options = PushOptions(OTLPProtocol(signals: [.logs, .traces]), address: ListenAddress(port: 0), client: client, topic: "t")
    options.grpc = ListenAddress(port: 0)
    options.limits.bodyBytes = 1 << 20
    change(&options.limits)
    let received = ReceivedRequests()
    let receiver = PushReceiver(options, now: { 0 }) { try received.take($0) }
    receiver.start()
    var port: Int?
    for _ in 0..<5_000 where port == nil {
      if case .listening(let found) = receiver.grpcState, case .listening = receiver.state {
        port = found
      } else {
        try await Task.sleep(nanoseconds: 1_000_000)
      }
    }
    try await body(received, try #require(port), receiver)
    await receiver.stop()
  }

  @Test("a call is handed over before it is answered OK, each signal by its method, compressed or not")
  func accepts() async throws {
    try await withReceiver { received, port, _ in
      let client = try #require(GRPCClient(port: port))
      client.call(Self.logs, [Self.empty])
      let first = try client.reply()
      #expect(first.isComplete && first.status == "0" && first.fields[":status"] == "200")
      #expect(first.fields["content-type"] == "application/grpc" && first.data == [0, 0, 0, 0, 0])
      let packed = try GzipCompressor.compress([0x0A, 0x00])
      client.call(
        OTLPSignal.traces.method, [[1] + GRPCMessage.framed(packed).dropFirst()], [("grpc-encoding", "gzip")],
        type: "application/grpc+proto",
        stream: 3)
      #expect(try client.reply(3).status == "0")
      // Without the mark a message is not compressed, whatever the head says.
      client.call(Self.logs, [Self.empty], [("grpc-encoding", "gzip")], stream: 5)
      #expect(try client.reply(5).status == "0")
      #expect(received.requests.withLock { $0 } == [#"{"resourceLogs":[{}]}"#, #"{"resourceSpans":[{}]}"#, #"{"resourceLogs":[{}]}"#])
    }
  }

  @Test("a message may come in any pieces, with calls beside it in the same connection")
  func pieces() async throws {
    try await withReceiver { received, port, _ in
      let client = try #require(GRPCClient(port: port))
      for stream in [1, 3] {
        var frames = HTTP2Frames(begins: false)
        frames.headers(GRPCClient.head(Self.logs), stream: stream)
        client.send(frames)
      }
      for (index, byte) in Self.empty.enumerated() {
        for stream in [1, 3] {
          var frames = HTTP2Frames(begins: false)
          frames.data([byte], stream: stream, ends: index == Self.empty.count - 1)
          client.send(frames)
        }
      }
      #expect(try client.reply(1).status == "0" && client.reply(3).status == "0")
      #expect(received.requests.withLock { $0.count } == 2)
    }
  }

  @Test("what cannot be taken is told by its status, and nothing of it is handed over")
  func rejects() async throws {
    try await withReceiver { received, port, _ in
      let client = try #require(GRPCClient(port: port))
      let bomb = try GzipCompressor.compress([UInt8](repeating: 0, count: 4 << 20))
      let calls: [(path: String, pieces: [[UInt8]], more: [(String, String)], status: String)] = [
        ("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", [Self.empty], [], "12"),
        ("/grpc.health.v1.Health/Check", [Self.empty], [], "12"),
        (Self.logs, [[1] + Self.empty.dropFirst()], [("grpc-encoding", "snappy")], "12"),
        (Self.logs, [[1] + Self.empty.dropFirst()], [], "3"),
        (Self.logs, [[1] + GRPCMessage.framed([1, 2, 3]).dropFirst()], [("grpc-encoding", "gzip")], "3"),
        (Self.logs, [[2] + Self.empty.dropFirst()], [], "3"),
        (Self.logs, [GRPCMessage.framed([0x0A])], [], "3"),
        (Self.logs, [Array(Self.empty.dropLast())], [], "3"),
        (Self.logs, [[0, 0, 0]], [], "3"),
        (Self.logs, [[]], [], "3"),
        (Self.logs, [Self.empty + Self.empty], [], "3"),
        (Self.logs, [[0, 0xFF, 0xFF, 0xFF, 0xFF]], [], "8"),
        (Self.logs, [[1] + GRPCMessage.framed(bomb).dropFirst()], [("grpc-encoding", "gzip")], "8"),
      ]
      for (index, call) in calls.enumerated() {
        client.call(call.path, call.pieces, call.more, stream: 2 * index + 1)
        let reply = try client.reply(2 * index + 1)
        #expect(reply.status == call.status, "call \(index): \(reply.fields)")
        #expect(reply.isComplete && reply.fields["grpc-message"]?.isEmpty == false && reply.fields["grpc-status-details-bin"] == nil)
      }
      #expect(received.requests.withLock { $0.isEmpty })
    }
  }

  @Test("what is no call of gRPC gets an answer of HTTP")
  func notGRPC() async throws {
    try await withReceiver { _, port, _ in
      let client = try #require(GRPCClient(port: port))
      client.call(Self.logs, [Self.empty], type: "application/json")
      #expect(try client.reply().fields[":status"] == "415")
      var frames = HTTP2Frames(begins: false)
      frames.headers([(":method", "GET"), (":scheme", "http"), (":path", Self.logs), (":authority", "x")], stream: 3, ends: true)
      client.send(frames)
      #expect(try client.reply(3).fields[":status"] == "405")
      // HTTP/1.1, nothing that has a name, and a frame of HTTP/2 that is none.
      for text in [
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n", String(repeating: "\u{0}\u{1}", count: 50),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}",
      ] {
        let other = try #require(RawClient(port: port))
        other.send(text)
        #expect(other.readToEnd() != nil)
      }
      client.call(Self.logs, [Self.empty], stream: 5)
      #expect(try client.reply(5).status == "0")
    }
  }

  @Test("while the spool is full senders are told when to come back")
  func full() async throws {
    try await withReceiver { received, port, _ in
      received.refusal.withLock { $0 = PushRejection(.busy, "full: 100 %\nnaïve") }
      let client = try #require(GRPCClient(port: port))
      client.call(Self.logs, [Self.empty])
      let reply = try client.reply()
      #expect(reply.status == "14" && reply.fields["grpc-message"] == "full: 100 %25%0Ana%C3%AFve")
      // google.rpc.Status { code: 14, message, details: [RetryInfo { retry_delay: 1 s }] }
      #expect(reply.fields["grpc-status-details-bin"] == GRPCStatus(PushRejection(.busy, "full: 100 %\nnaïve")).trailers.last?.value)
      #expect(reply.fields["grpc-status-details-bin"]?.hasPrefix("CA4S") == true)
      received.refusal.withLock { $0 = nil }
      client.call(Self.logs, [Self.empty], stream: 3)
      #expect(try client.reply(3).status == "0")
    }
  }

  @Test("all messages together have a limit: beyond it senders are told to come back")
  func budget() async throws {
    try await withReceiver({ $0.allBodyBytes = 1000 }) { received, port, _ in
      let client = try #require(GRPCClient(port: port))
      client.call(Self.logs, [[UInt8](repeating: 0, count: 2000)])
      #expect(try client.reply().status == "14")
      client.call(Self.logs, [Self.empty], stream: 3)
      #expect(try client.reply(3).status == "0")
    }
  }

  @Test("a message that does not come is given up, and a silent connection is closed; others are served meanwhile")
  func slow() async throws {
    try await withReceiver({
      $0.bodySeconds = 1
      $0.idleSeconds = 1
    }) { received, port, _ in
      let silent = try #require(RawClient(port: port))
      let idle = try #require(GRPCClient(port: port))
      let slow = try #require(GRPCClient(port: port))
      var frames = HTTP2Frames(begins: false)
      frames.headers(GRPCClient.head(Self.logs), stream: 1)
      frames.data([0, 0, 0], stream: 1)
      slow.send(frames)
      let good = try #require(GRPCClient(port: port))
      good.call(Self.logs, [Self.empty])
      #expect(try good.reply().status == "0")
      let late = try slow.reply()
      #expect(late.status == "4" && late.isComplete)
      // The one closes when it has said farewell and was answered, the other when nobody answers.
      #expect(try !idle.reply().isComplete)
      #expect(silent.readToEnd() != nil)
      #expect(received.requests.withLock { $0.count } == 1)
    }
  }

  @Test("a receiver that stops answers the call that it is storing, then says farewell")
  func stops() async throws {
    try await withReceiver { received, port, receiver in
      let client = try #require(GRPCClient(port: port))
      client.call(Self.logs, [Self.empty])
      #expect(try client.reply().status == "0")
      async let stopped: Void = receiver.stop()
      // Until the connection ends; pings are answered on the way.
      #expect(try !client.reply(3).isComplete)
      await stopped
      #expect(GRPCClient(port: port) == nil && receiver.grpcState == .stopped)
    }
  }
}
