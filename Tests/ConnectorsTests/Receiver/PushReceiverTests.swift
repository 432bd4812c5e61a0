import Connectors
import Dataflow
import RawServer
import Synchronization
import Testing

/// The listener on a real port of loopback, with clients that do not behave.
@Suite("a receiver and bad clients")
struct PushReceiverTests {
  /// In a class, so that closures can share it.
  private final class Count: Sendable { let value = Atomic<Int>(0) }

  private func withReceiver(
    _ change: (inout ListenerLimits) -> Void = { _ in }, _ body: (Int, @Sendable () -> Int) async throws -> Void
  ) async throws {
    let client = LocalTopicClient(root: "/nowhere", settings: LocalTopicSettings())
    var options = PushOptions(HTTPLogsProtocol(), address: ListenAddress(port: 0), client: client, topic: "t")
    change(&options.limits)
    let count = Count()
    let receiver = PushReceiver(options, now: { 1_767_323_045_000_000_000 }) { _ in count.value.add(1, ordering: .relaxed) }
    receiver.start()
    var port: Int?
    for _ in 0..<5_000 where port == nil {
      if case .listening(let found) = receiver.state { port = found } else { try await Task.sleep(nanoseconds: 1_000_000) }
    }
    try await body(try #require(port), { count.value.load(ordering: .relaxed) })
    await receiver.stop()
  }

  private static let record = #"{"msg":"x"}"#
  private static func head(_ length: Int, _ more: String = "") -> String {
    "POST /ingest/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: \(length)\r\n\(more)\r\n"
  }

  @Test("a client that does not end its head, or its body, is cut off; others are served meanwhile")
  func slow() async throws {
    try await withReceiver({
      $0.idleSeconds = 1
      $0.bodySeconds = 1
    }) { port, stored in
      let silent = try #require(RawClient(port: port))
      let inHead = try #require(RawClient(port: port))
      let inBody = try #require(RawClient(port: port))
      inHead.send("POST /ingest/logs HTTP/1.1\r\nHost: x\r\nX-Slow: ")
      inBody.send(Self.head(1000) + "[")
      let good = try #require(RawClient(port: port))
      good.send(Self.head(Self.record.utf8.count, "Connection: close\r\n") + Self.record)
      #expect(good.readToEnd()?.hasPrefix("HTTP/1.1 200") == true)
      for client in [silent, inHead, inBody] { #expect(client.readToEnd() != nil) }
      #expect(stored() == 1)
    }
  }

  @Test("a client that keeps sending, byte by byte, is cut off all the same")
  func slowloris() async throws {
    try await withReceiver({ $0.bodySeconds = 1 }) { port, stored in
      let client = try #require(RawClient(port: port))
      client.send(Self.head(100_000))
      var isCut = false
      for _ in 0..<3_000 where !isCut {
        isCut = !client.send("[")
        try await Task.sleep(nanoseconds: 10_000_000)
      }
      #expect(isCut && stored() == 0)
    }
  }

  @Test("a body that is announced or sent beyond the limit is refused before it is kept")
  func tooLong() async throws {
    try await withReceiver({ $0.bodyBytes = 1000 }) { port, stored in
      let announced = try #require(RawClient(port: port))
      announced.send(Self.head(1_000_000_000))
      #expect(announced.read().hasPrefix("HTTP/1.1 413"))
      let sent = try #require(RawClient(port: port))
      let piece = "200\r\n" + String(repeating: "x", count: 512) + "\r\n"
      sent.send("POST /ingest/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
      sent.send(piece + piece + piece)
      #expect(sent.read().hasPrefix("HTTP/1.1 413"))
      #expect(stored() == 0)
    }
  }

  @Test("all bodies together have a limit: beyond it senders are told to come back, and there is room again when the others are done")
  func budget() async throws {
    try await withReceiver({ $0.allBodyBytes = 1500 }) { port, stored in
      let text = #"{"msg":"\#(String(repeating: "x", count: 990))"}"#
      let first = try #require(RawClient(port: port))
      first.send(Self.head(text.utf8.count) + text.dropLast())
      // Until the first one's bytes are in, the second may still be served: then it is asked again.
      var answer = ""
      for _ in 0..<1_000 where !answer.hasPrefix("HTTP/1.1 429") {
        let second = try #require(RawClient(port: port))
        second.send(Self.head(text.utf8.count) + text)
        answer = second.read()
      }
      #expect(answer.hasPrefix("HTTP/1.1 429") && answer.lowercased().contains("retry-after: 1"))
      first.send("}")
      #expect(first.read().hasPrefix("HTTP/1.1 200"))
      let before = stored()
      for _ in 0..<1_000 where stored() == before {
        let third = try #require(RawClient(port: port))
        third.send(Self.head(text.utf8.count) + text)
        _ = third.read()
      }
      #expect(stored() > before)
    }
  }

  @Test("hundreds of idle connections keep nobody from being served")
  func idle() async throws {
    try await withReceiver { port, stored in
      let idle = (0..<300).compactMap { _ in RawClient(port: port) }
      #expect(idle.count == 300)
      for number in 0..<20 {
        let client = number % 2 == 0 ? idle[number] : try #require(RawClient(port: port))
        client.send(Self.head(Self.record.utf8.count) + Self.record)
        #expect(client.read().hasPrefix("HTTP/1.1 200"))
      }
      #expect(stored() == 20)
    }
  }

  @Test("what is no HTTP is answered as such, and nothing breaks")
  func garbage() async throws {
    try await withReceiver { port, _ in
      for text in ["\u{0}\u{1}\u{2}\r\n\r\n", "GET\r\n\r\n", "<34>1 - - - - - - x\n", "POST /ingest/logs HTTP/9.9\r\n\r\n"] {
        let client = try #require(RawClient(port: port))
        client.send(text)
        #expect(client.read().hasPrefix("HTTP/1.1 400"), "\(text)")
      }
      let client = try #require(RawClient(port: port))
      client.send(Self.head(Self.record.utf8.count) + Self.record)
      #expect(client.read().hasPrefix("HTTP/1.1 200"))
    }
  }
}
