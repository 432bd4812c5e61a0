import Connectors
import Dataflow
import DataflowTesting
import Testing

@Suite("the spool of a receiver")
struct RequestSpoolTests {
  private let folder = TestFolder()
  private let runtime = TestRuntime()

  private func topic(segmentBytes: Int64 = 16 << 20) -> (LocalTopicClient, LocalTopic) {
    var settings = LocalTopicSettings()
    settings.partitions = 1
    settings.segmentBytes = segmentBytes
    let client = LocalTopicClient(root: folder.path, settings: settings)
    return (client, client.topic("otlp-logs"))
  }

  private static func request(_ number: Int, size: Int = 20) -> [UInt8] { Array("\(number)".utf8) + [UInt8](repeating: 0x20, count: size) }

  @Test("every acknowledged request is in the topic, once, however many come at a time")
  func durable() async throws {
    let (client, topic) = topic()
    let spool = try RequestSpool(topic, limit: 1 << 30, runtime)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<200 { group.addTask { try await spool.append(Self.request(number)) } }
      try await group.waitForAll()
    }
    let stored = try TopicHarness.readAll(client, "otlp-logs").map { $0.text.filter { $0 != " " } }
    #expect(stored.count == 200 && Set(stored) == Set((0..<200).map { "\($0)" }))
  }

  @Test("a full spool refuses and keeps what it has; room comes back when what was read is trimmed, never more than that")
  func bounded() async throws {
    let (client, topic) = topic(segmentBytes: 2_000)
    let spool = try RequestSpool(topic, limit: 20_000, runtime)
    var accepted = 0
    var refusal: PushRejection?
    while refusal == nil, accepted < 1_000 {
      do {
        try await spool.append(Self.request(accepted, size: 500))
        accepted += 1
      } catch let error as PushRejection { refusal = error }
    }
    #expect(refusal?.kind == .busy)
    #expect((20...60).contains(accepted), "\(accepted)")
    let half = Int64(accepted / 2)
    await withCheckedContinuation { done in spool.trim(below: [half]) { done.resume() } }
    try await spool.append(Self.request(accepted, size: 500))
    accepted += 1
    let left = try TopicHarness.readAll(client, "otlp-logs").map(\.offset)
    #expect(left.last == Int64(accepted - 1))
    #expect((left.first ?? .max) <= half && (left.first ?? 0) > 0)
    #expect(left == Array((left.first ?? 0)..<Int64(accepted)))
  }

  @Test("a spool that is opened again knows what it holds")
  func reopened() async throws {
    let (_, topic) = topic()
    let first = try RequestSpool(topic, limit: 1_500, runtime)
    try await first.append(Self.request(0, size: 2_000))
    let second = try RequestSpool(topic, limit: 1_500, runtime)
    await #expect(throws: PushRejection.self) { try await second.append(Self.request(1)) }
  }
}
