import Connectors
import Dataflow
import DataflowTesting
import Foundation
import FoundationNetworking
import Glibc
import Testing

@Suite("the source otlp")
struct OTLPSourceTests {
  private let folder = TestFolder()
  private let runtime = TestRuntime()

  /// A port that was free a moment ago.
  private func freePort() throws -> Int {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { Glibc.close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let port: Int? = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        guard Glibc.bind(socket, pointer, length) == 0, getsockname(socket, pointer, &length) == 0 else { return nil }
        return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { Int(UInt16(bigEndian: $0.pointee.sin_port)) }
      }
    }
    return try #require(port)
  }

  private func open(_ port: Int, from positions: [SplitPosition]? = nil) throws -> any SourceReader {
    #expect(OTLPSource.descriptor.type == "otlp")
    let config = Config([
      "listen": .string("127.0.0.1:\(port)"), "signal": .string("logs"), "spool": .string(folder.path + "/spool"),
      "maxSpoolBytes": .byteCount(1 << 20), "maxRequestBytes": .byteCount(1 << 20),
    ])
    let reader = try OTLPSource.plan(config).make()
    try reader.open(SourceContext(job: "j", id: "s", runtime: runtime))
    if let positions { try reader.restore(positions) }
    return reader
  }

  /// Sends a request, again until the server listens.
  private func send(_ port: Int, _ text: String) async throws {
    var request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(port)/v1/logs")))
    request.httpMethod = "POST"
    request.httpBody = Data(text.utf8)
    request.setValue("application/json", forHTTPHeaderField: "Content-Type")
    for _ in 0..<5_000 {
      if let (_, response) = try? await URLSession.shared.data(for: request), let http = response as? HTTPURLResponse {
        #expect(http.statusCode == 200)
        return
      }
      try await Task.sleep(nanoseconds: 2_000_000)
    }
    Issue.record("nobody listens on port \(port)")
  }

  private func drain(_ reader: any SourceReader) throws -> [String] {
    var values: [String] = []
    while true {
      let batch = RecordBatch(schema: TopicColumns.schema)
      let status = try reader.poll(batch)
      values += TopicHarness.records(batch, partition: 0).map(\.text)
      guard case .more = status else { return values }
    }
  }

  @Test("what was acknowledged is read once: by this run, or by the next from its checkpoint")
  func exactlyOnce() async throws {
    let port = try freePort()
    let first = try open(port)
    try await send(port, #"{"resourceLogs":[1]}"#)
    try await send(port, #"{"resourceLogs":[2]}"#)
    #expect(try drain(first) == [#"{"resourceLogs":[1]}"#, #"{"resourceLogs":[2]}"#])
    let positions = first.positions()
    try await send(port, #"{"resourceLogs":[3]}"#)
    first.close()

    let other = try freePort()
    let second = try open(other, from: positions)
    #expect(try drain(second) == [#"{"resourceLogs":[3]}"#])
    try await send(other, #"{"resourceLogs":[4]}"#)
    #expect(try drain(second) == [#"{"resourceLogs":[4]}"#])
    second.close()
  }

  @Test("nothing is removed that a restart may still read, however often the positions are asked for between two checkpoints")
  func keepsWhatIsNotCheckpointed() async throws {
    let port = try freePort()
    var settings = LocalTopicSettings()
    settings.partitions = 1
    settings.segmentBytes = 500
    var options = PushOptions(
      OTLPProtocol(signals: [.logs]), address: ListenAddress(port: port),
      client: LocalTopicClient(root: folder.path + "/small", settings: settings), topic: "otlp")
    let requests = (0..<20).map { #"{"resourceLogs":[\#($0),"\#(String(repeating: "x", count: 200))"]}"# }
    func open(from positions: [SplitPosition]? = nil) throws -> any SourceReader {
      let reader = try OTLPSource.plan(options, .logs).make()
      try reader.open(SourceContext(job: "j", id: "s", runtime: runtime))
      if let positions { try reader.restore(positions) }
      return reader
    }
    let first = try open()
    let checkpoint = first.positions()
    for request in requests {
      try await send(port, request)
      _ = try drain(first)
      for _ in 0..<3 { _ = first.positions() }
    }
    // The spool does its work in order: what this waits for is behind every removal that may have been asked for.
    try await send(port, requests[0])
    first.close()
    options.address.port = try freePort()
    let second = try open(from: checkpoint)
    #expect(try drain(second) == requests + [requests[0]])

    // Ten checkpoints later the first requests are gone, and what the newest of them needs is there.
    for request in requests { try await send(options.address.port, request) }
    #expect(try drain(second).count == requests.count)
    for _ in 0..<10 { _ = second.snapshot() }
    let newest = second.positions()
    try await send(options.address.port, requests[1])
    let spool = try options.client.makeReader(options.topic)
    try spool.refresh()
    #expect(try spool.start(0) > 0)
    second.close()
    options.address.port = try freePort()
    #expect(try drain(try open(from: newest)) == [requests[1]])
  }

  @Test("an address that is none is refused when the job is checked")
  func address() {
    for listen in ["4318", "localhost", ":4318", "127.0.0.1:99999", "127.0.0.1:x"] {
      #expect(throws: Diagnostic.self, "\(listen)") { try OTLPSource.plan(Config(["listen": .string(listen)])) }
    }
  }
}
