#if Kafka
import Connectors
import Dataflow
import DataflowTesting
import Foundation
import SinkTesting
import Testing

/// What topics of every kind owe to sources and sinks.
@Suite("topics of both kinds")
struct TopicConformanceTests {
  enum Kind: String, CaseIterable, CustomTestStringConvertible {
    case local
    case kafka
    var testDescription: String { rawValue }
  }

  private let folder = FileManager.default.temporaryDirectory.path + "/sloscout-kinds-\(UInt64.random(in: 0 ... .max))"
  private let runtime = SystemRuntime(threads: 1)

  private func withClient(_ kind: Kind, _ body: (any TopicClient) throws -> Void) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    switch kind {
    case .local:
      var settings = LocalTopicSettings()
      settings.partitions = 3
      try body(LocalTopicClient(root: folder, settings: settings))
    case .kafka: try body(try TestBroker.client())
    }
  }

  @Test("what is appended is read: keys, values, nulls, empty ones, times; one key is one partition, in order", arguments: Kind.allCases)
  func roundTrip(kind: Kind) throws {
    try withClient(kind) { client in
      let topic = TestBroker.name("t")
      var sent: [(key: String?, value: String?, time: Int64)] = (0..<3000).map { ("k\($0 % 7)", "\($0)", Int64($0 + 1) * 1_000_000) }
      sent += [(nil, "no key", 5_000_000), ("", "empty key", 5_000_000), ("k", nil, 5_000_000), ("k", "", 5_000_000)]
      #expect(try client.makeAppender(topic, runtime).append([TopicRun.stage(sent)]) == sent.count)
      let found = try TopicRun.readAll(client, topic)
      func plain(_ key: String?, _ value: String?, _ time: Int64) -> String { "\(key ?? "-")|\(value ?? "-")|\(time)" }
      #expect(found.map { plain($0.key, $0.value, $0.timestamp) }.sorted() == sent.map { plain($0.key, $0.value, $0.time) }.sorted())
      for key in (0..<7).map({ "k\($0)" }) {
        let got = found.filter { $0.key == key }
        #expect(Set(got.map(\.partition)).count == 1)
        #expect(got.map(\.value) == sent.filter { $0.key == key }.map(\.value))
      }
    }
  }

  @Test("headers come as they were sent", arguments: Kind.allCases)
  func headers(kind: Kind) throws {
    try withClient(kind) { client in
      let topic = TestBroker.name("t")
      var stage = TopicStage.signature
      let start = TopicRecord.begin(timestamp: 7_000_000, key: .null, to: &stage)
      stage += Array("v".utf8)
      TopicRecord.append(header: Array("a\"b".utf8), .null, to: &stage)
      TopicRecord.append(header: Array("a\"b".utf8), .null, to: &stage)
      TopicRecord.finish(start, valueCount: 1, headers: 2, in: &stage)
      _ = try client.makeAppender(topic, runtime).append([stage])
      #expect(try TopicRun.readAll(client, topic).first?.headers == #"{"a\"b":null,"a\"b":null}"#)
    }
  }

  @Test("a source hands out every record once, from any position, at any parallelism", arguments: Kind.allCases)
  func source(kind: Kind) throws {
    try withClient(kind) { client in
      let topic = TestBroker.name("t")
      let appender = try client.makeAppender(topic, runtime)
      for start in stride(from: 0, to: 3000, by: 1000) { _ = try appender.append([TopicRun.stage((start..<start + 1000).map { "\($0)" })]) }
      var options = TopicSourceOptions(topics: [topic])
      options.isBounded = true
      let first = try TopicRun.open(client, options)
      var values = try TopicRun.poll(first, count: 700)
      let positions = first.positions()
      first.close()
      values += try TopicRun.poll(try TopicRun.open(client, options, from: positions), count: 3000 - values.count)
      #expect(values.compactMap { Int($0) }.sorted() == Array(0..<3000))
    }
  }

  @Test("the sink conforms: gaps, zombies and lost state are refused, nothing is applied twice", arguments: Kind.allCases)
  func sink(kind: Kind) throws {
    try withClient(kind) { client in
      let topic = TestBroker.name("t")
      let schema = Schema([("key", .bytes), ("value", .bytes)])
      let planned = try TopicSink.plan(
        client, topic, Config(["key": .string("key"), "format": .object(Config(["type": .string("raw")]))]), schema)
      let epochs = (0..<8).map { epoch in (0..<epoch * 3 % 5).map { TestRow(Int64(epoch), [.text("k\($0)"), .text("\(epoch)-\($0)")]) } }
      // A zombie is told only after it has looked a few times whether the newer run claimed.
      let problems = try SinkConformance.problems(
        planned, input: schema, epochs: epochs, runtime: runtime, contents: { try TopicRun.values(client, topic) },
        expected: { count in epochs.prefix(count).enumerated().flatMap { n, rows in rows.indices.map { "\(n)-\($0)" } } })
      #expect(problems == [])
    }
  }

  @Test("marks are set with the records or not at all, and are read back", arguments: Kind.allCases)
  func marks(kind: Kind) throws {
    try withClient(kind) { client in
      let topic = TestBroker.name("t")
      var seen: [[String: UInt64]] = []
      func mark(_ values: [String], _ changed: [String: UInt64]) throws -> Int {
        try client.makeAppender(topic, runtime).append(owner: "o") { marks in
          seen.append(marks)
          return (values.isEmpty ? [] : [TopicRun.stage(values)], changed)
        }
      }
      struct Stop: Error {}
      let first = try mark(["a", "b"], ["x": 2])
      #expect(throws: Stop.self) { try client.makeAppender(topic, runtime).append(owner: "o") { _ in throw Stop() } }
      let later = [try mark([], ["y": 5]), try mark([], [:])]
      #expect(first == 2 && later == [0, 0])
      #expect(seen == [[:], ["x": 2], ["x": 2, "y": 5]])
      #expect(try TopicRun.values(client, topic) == ["a", "b"])
    }
  }
}
#endif
