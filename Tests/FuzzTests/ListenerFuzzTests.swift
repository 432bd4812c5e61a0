import Connectors
import Dataflow
import DataflowTesting
import RawServer
import Testing

/// Connections that carry damaged HTTP, to a receiver on real ports of loopback.
@Suite("damaged connections")
struct ListenerFuzzTests {
  private static let body = #"{"resourceLogs":[]}"#
  private static let post = "POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 19\r\n\r\n" + body

  private static var calls: [[UInt8]] {
    let message = GRPCMessage.framed([0x0A, 0x00])
    var one = HTTP2Frames()
    one.headers(GRPCClient.head(OTLPSignal.logs.method), stream: 1)
    one.data(message, stream: 1, ends: true)
    var many = HTTP2Frames()
    many.frame(.settings, flags: 1, stream: 0, [])
    many.frame(.ping, stream: 0, [1, 2, 3, 4, 5, 6, 7, 8])
    many.frame(.windowUpdate, stream: 0, [0, 1, 0, 0])
    for stream in [1, 3, 5] { many.headers(GRPCClient.head(OTLPSignal.logs.method, [("grpc-encoding", "gzip")]), stream: stream) }
    for stream in [1, 3] { many.data(Array(message.prefix(4)), stream: stream) }
    many.frame(.reset, stream: 3, [0, 0, 0, 8])
    many.data(Array(message.dropFirst(4)), stream: 1, ends: true)
    many.frame(.goAway, stream: 0, [0, 0, 0, 5, 0, 0, 0, 0])
    return [one.bytes, many.bytes]
  }

  @Test("an honest sender is served after each of them, and nothing is left behind")
  func connections() async throws {
    let client = LocalTopicClient(root: "/nowhere", settings: LocalTopicSettings())
    var options = PushOptions(OTLPProtocol(signals: [.logs]), address: ListenAddress(port: 0), client: client, topic: "t")
    options.grpc = ListenAddress(port: 0)
    options.limits.bodySeconds = 2
    options.limits.idleSeconds = 2
    let receiver = PushReceiver(options, now: { 0 }) { _ in }
    receiver.start()
    var ports: (http: Int, grpc: Int)?
    for _ in 0..<5_000 where ports == nil {
      if case .listening(let http) = receiver.state, case .listening(let grpc)? = receiver.grpcState {
        ports = (http, grpc)
      } else {
        try await Task.sleep(nanoseconds: 1_000_000)
      }
    }
    let (http, grpc) = try #require(ports)
    let tokens = [
      "\r\n", "\r\n\r\n", "Content-Length: 99999999999999999999\r\n", "Transfer-Encoding: chunked\r\n", "FFFFFFFF\r\n", ": ", "HTTP/1.1",
    ]
    var open: [RawClient] = []
    /// Sends, and leaves the connection open for a while.
    func send(_ input: [UInt8], _ port: Int) {
      guard let client = RawClient(port: port) else { return }
      client.send(input)
      open.append(client)
      if open.count > 20 { open.removeFirst() }
    }
    try Fuzz(
      "http",
      texts: [Self.post, Self.post + Self.post, "POST /v1/logs HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"],
      tokens: tokens, cases: 300
    ).run { input, _ in
      send(input, http)
      guard let honest = RawClient(port: http), honest.send(Self.post), honest.read().hasPrefix("HTTP/1.1 200") else {
        throw FuzzFailure("an honest sender is not served")
      }
    }
    try Fuzz("http2", seeds: Self.calls, cases: 300).run { input, _ in
      send(input, grpc)
      guard let honest = GRPCClient(port: grpc) else { throw FuzzFailure("no connection is accepted") }
      honest.call(OTLPSignal.logs.method, [GRPCMessage.framed([0x0A, 0x00])])
      guard try honest.reply().status == "0" else { throw FuzzFailure("an honest sender is not served") }
    }
    open = []
    await receiver.stop()
  }
}
