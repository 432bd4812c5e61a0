import Connectors
import Dataflow
import RawServer
import Synchronization
import Testing

/// A receiver on a real port, with quotas and a clock that the test sets.
@Suite("tenants of a receiver and their quotas")
struct TenantGateTests {
  private final class Clock: Sendable {
    let now = Atomic<Int64>(1_767_323_045_000_000_000)
    func advance(_ seconds: Int64) { now.add(seconds * 1_000_000_000, ordering: .relaxed) }
  }

  private func withReceiver(_ quota: TenantQuota, _ topic: String, _ body: (Int, Clock) async throws -> Void) async throws {
    let client = LocalTopicClient(root: "/nowhere", settings: LocalTopicSettings())
    var options = PushOptions(HTTPLogsProtocol(), address: ListenAddress(port: 0), client: client, topic: topic)
    options.tenants = quota
    let clock = Clock()
    let receiver = PushReceiver(options, now: { clock.now.load(ordering: .relaxed) }) { _ in }
    receiver.start()
    var port: Int?
    for _ in 0..<5_000 where port == nil {
      if case .listening(let found) = receiver.state { port = found } else { try await Task.sleep(nanoseconds: 1_000_000) }
    }
    try await body(try #require(port), clock)
    await receiver.stop()
  }

  /// The status of the answer, and what it says about coming again.
  private func send(_ port: Int, _ tenant: String?, _ body: String) throws -> (status: String, answer: String) {
    let client = try #require(RawClient(port: port))
    client.send(
      "POST /ingest/logs HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\(tenant.map { "X-Scope-OrgID: \($0)\r\n" } ?? "")Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    )
    let answer = try #require(client.readToEnd())
    return (String(answer.dropFirst(9).prefix(3)), answer.lowercased())
  }

  private func expect(_ status: String, _ port: Int, _ tenant: String?, _ body: String) throws {
    let answer = try send(port, tenant, body)
    #expect(answer.status == status, "\(answer.answer)")
  }

  private func level(_ source: String, _ tenant: String) -> TenantLevel? {
    OpenTenants.levels.tenants.first { $0.source == source && $0.tenant == tenant }
  }

  private static let record = #"{"msg":"x","service":"shop"}"#

  @Test("who sends more than it may is told when to come again, and the others do not notice")
  func rate() async throws {
    var quota = TenantQuota()
    quota.requestsPerSecond = 1
    try await withReceiver(quota, "tenants-rate") { port, clock in
      for _ in 0..<10 { try expect("200", port, "loud", Self.record) }
      let refused = try send(port, "loud", Self.record)
      #expect(refused.status == "429" && refused.answer.contains("retry-after: 1"))
      try expect("200", port, "quiet", Self.record)
      try expect("200", port, nil, Self.record)
      clock.advance(2)
      try expect("200", port, "loud", Self.record)
      #expect(level("tenants-rate", "loud")?.requests == 11)
      #expect(level("tenants-rate", "loud")?.refused == [.rate: 1])
      #expect(level("tenants-rate", TenantQuota.anonymous)?.requests == 1)
    }
  }

  @Test("bytes count as they are sent, and a debt is waited for")
  func bytes() async throws {
    var quota = TenantQuota()
    quota.bytesPerSecond = 100
    let large = #"{"msg":"\#(String(repeating: "x", count: 3000))"}"#
    try await withReceiver(quota, "tenants-bytes") { port, clock in
      try expect("200", port, "a", large)
      let refused = try send(port, "a", Self.record)
      #expect(refused.status == "429" && refused.answer.contains("retry-after: 21"))
      clock.advance(20)
      try expect("429", port, "a", Self.record)
      clock.advance(2)
      try expect("200", port, "a", Self.record)
      #expect(level("tenants-bytes", "a")?.bytes == large.utf8.count + Self.record.utf8.count)
    }
  }

  @Test("a request beyond its tenant's size is refused for good, announced or not")
  func size() async throws {
    var quota = TenantQuota()
    quota.maxRequestBytes = 100
    try await withReceiver(quota, "tenants-size") { port, _ in
      try expect("413", port, "a", #"{"msg":"\#(String(repeating: "x", count: 200))"}"#)
      try expect("200", port, "a", Self.record)
      #expect(level("tenants-size", "a")?.refused == [.size: 1])
    }
  }

  @Test("different streams count once within an hour; one too many is refused with all of its request")
  func streams() async throws {
    var quota = TenantQuota()
    quota.maxStreams = 2
    let of = { (service: String) in #"{"msg":"x","service":"\#(service)"}"# }
    try await withReceiver(quota, "tenants-streams") { port, clock in
      for service in ["a", "b", "a", "b"] { try expect("200", port, "t", of(service)) }
      try expect("429", port, "t", of("c"))
      try expect("200", port, "t", of("a"))
      try expect("200", port, "u", of("c"))
      #expect(level("tenants-streams", "t")?.streams == 2)
      clock.advance(3600)
      try expect("200", port, "t", of("c"))
      #expect(level("tenants-streams", "t")?.refused == [.streams: 1])
    }
  }

  @Test("tenants beyond as many as are kept apart are refused, until one has been silent for an hour; names are checked")
  func tenants() async throws {
    var quota = TenantQuota()
    quota.maxTenants = 2
    try await withReceiver(quota, "tenants-many") { port, clock in
      for tenant in ["a", "b"] {
        try expect("200", port, tenant, Self.record)
        clock.advance(1)
      }
      let before = OpenTenants.levels.strangers
      try expect("429", port, "c", Self.record)
      #expect(OpenTenants.levels.strangers == before + 1)
      try expect("400", port, String(repeating: "x", count: 65), Self.record)
      clock.advance(3601)
      try expect("200", port, "c", Self.record)
      #expect(level("tenants-many", "a") == nil)
    }
  }
}
