#if Kafka
import Connectors
import Dataflow
import Foundation
import Kafka
import Testing

/// What is so with a broker only.
@Suite("topics in Kafka")
struct KafkaTopicTests {
  private let runtime = SystemRuntime(threads: 1)

  private func context(isFresh: Bool = false) -> SinkContext { SinkContext(job: "j", id: "s", isFresh: isFresh, runtime: runtime) }

  private func cluster(_ client: KafkaTopicClient) throws -> KafkaCluster { try KafkaCluster(client.options.reading()) }

  @Test("records of a transaction that is open or was aborted are not handed out, and do not stop a bounded source at its end")
  func aborted() throws {
    let (client, topic) = (try TestBroker.client { $0.shape.partitions = 1 }, TestBroker.name("t"))
    _ = try client.makeAppender(topic, runtime).append([TopicRun.stage(["before"])])
    let producer = try KafkaProducer(client.options.writing(TestBroker.name("id")))
    try producer.initTransactions(milliseconds: 10_000)
    let target = try producer.topic(topic)
    for value in ["lost", "lost too"] {
      try producer.begin()
      try producer.send(target, partition: 0, key: Array("k".utf8), value: Array(value.utf8))
      try producer.flush(milliseconds: 10_000)
      #expect(try TopicRun.values(client, topic) == ["before"])
      try producer.abort(milliseconds: 10_000)
    }
    var options = TopicSourceOptions(topics: [topic])
    options.isBounded = true
    #expect(try TopicRun.poll(try TopicRun.open(client, options), count: 9) == ["before"])
    _ = try client.makeAppender(topic, runtime).append([TopicRun.stage(["after"])])
    #expect(try TopicRun.values(client, topic) == ["after", "before"])
  }

  @Test("a broker that is there answers whoever asks for health, one that is not is told by its address")
  func asked() async throws {
    let (there, away) = (try TestBroker.client(), try TestBroker.client("127.0.0.1:1"))
    try there.ask()
    #expect(throws: TopicError.self) { try away.ask() }
    let reach = await OpenTopics.shared.reach()
    #expect(reach.contains(TopicReach(place: there.place)))
    #expect(reach.contains { $0.place == away.place && $0.trouble?.contains("127.0.0.1:1") == true })
  }

  @Test("a sink that is opened again goes on where the ledger says, whatever the first one had begun")
  func restart() throws {
    let (client, topic) = (try TestBroker.client(), TestBroker.name("t"))
    let first = try client.makeCommitter(topic)
    #expect(try first.open(context(isFresh: true)) == nil)
    for number in 1...3 as ClosedRange<UInt64> { #expect(try !first.apply(TopicRun.epoch(number, ["\(number)"])).wasApplied) }
    first.close()
    let second = try client.makeCommitter(topic)
    #expect(try second.open(context()) == 3)
    #expect(try second.apply(TopicRun.epoch(3, ["3"])).wasApplied)
    #expect(try !second.apply(TopicRun.epoch(4, ["4"])).wasApplied)
    #expect(try TopicRun.values(client, topic) == ["1", "2", "3", "4"])
  }

  @Test("a zombie is fenced, is told by whom, and nothing of its epoch is seen")
  func zombie() throws {
    let (client, topic) = (try TestBroker.client(), TestBroker.name("t"))
    let old = try client.makeCommitter(topic)
    _ = try old.open(context(isFresh: true))
    _ = try old.apply(TopicRun.epoch(1, ["1"]))
    let new = try client.makeCommitter(topic)
    #expect(try new.open(context()) == 1)
    let error = #expect(throws: SinkError.self) { try old.apply(TopicRun.epoch(2, ["zombie"])) }
    #expect(error?.message == "sink \"s\" of job \"j\" was taken over by a newer run (generation 2, this run has 1)")
    #expect(error?.retry == .never)
    _ = try new.apply(TopicRun.epoch(2, ["2"]))
    #expect(try TopicRun.values(client, topic) == ["1", "2"])
  }

  @Test("partitions that are added are found and read from their beginning; quiet ones hold nothing up")
  func newPartitions() throws {
    let (client, topic) = (try TestBroker.client { $0.shape.partitions = 1 }, TestBroker.name("t"))
    let appender = try client.makeAppender(topic, runtime)
    _ = try appender.append([TopicRun.stage(["a"])])
    let reader = try TopicRun.open(client, TopicSourceOptions(topics: [topic]))
    #expect(try TopicRun.poll(reader, count: 1) == ["a"])
    try cluster(client).grow(topic, to: 4, milliseconds: 10_000)
    let values = (0..<200).map { "\($0)" }
    // A producer that is made now sees all partitions.
    _ = try client.makeAppender(topic, runtime).append([TopicRun.stage(values)])
    let found = Set(try TopicRun.poll(reader, count: 200))
    #expect(found == Set(values))
    #expect(reader.positions().map(\.name) == (0..<4).map { "\(topic)/\($0)" })
    _ = try client.makeAppender(topic, runtime).append([TopicRun.stage(["one more"])])
    #expect(try TopicRun.poll(reader, count: 1) == ["one more"])
  }

  @Test("a topic that was removed and made anew is refused, running or after a restart, also when it has as many records")
  func recreated() throws {
    let (client, topic) = (try TestBroker.client { $0.shape.partitions = 1 }, TestBroker.name("t"))
    _ = try client.makeAppender(topic, runtime).append([TopicRun.stage(["a", "b"])])
    let reader = try TopicRun.open(client, TopicSourceOptions(topics: [topic]))
    #expect(try TopicRun.poll(reader, count: 2).count == 2)
    let positions = reader.positions()
    // Nothing changed: the check finds the record, and reading goes on behind it.
    _ = try client.makeAppender(topic, runtime).append([TopicRun.stage(["c"])])
    #expect(try TopicRun.poll(try TopicRun.open(client, TopicSourceOptions(topics: [topic]), from: positions), count: 1) == ["c"])
    try cluster(client).delete(topic, milliseconds: 10_000)
    let deadline = runtime.monotonic() + 10_000_000_000
    while try cluster(client).partitions(of: topic, milliseconds: 10_000) != nil, runtime.monotonic() < deadline {}
    _ = try client.makeAppender(topic, runtime).append([TopicRun.stage(["x", "y", "z"])])
    let error = #expect(throws: SourceError.self) {
      _ = try TopicRun.open(client, TopicSourceOptions(topics: [topic]), from: positions)
    }
    #expect(error?.message.contains("was removed and made anew") == true)
  }

  @Test("a topic that does not exist yet is waited for; a bounded source of none says so")
  func absent() throws {
    let (client, topic) = (try TestBroker.client(), TestBroker.name("t"))
    var options = TopicSourceOptions(topics: [topic])
    let reader = try TopicRun.open(client, options)
    _ = try client.makeAppender(topic, runtime).append([TopicRun.stage(["a"])])
    #expect(try TopicRun.poll(reader, count: 1) == ["a"])
    options.topics = [TestBroker.name("none")]
    options.isBounded = true
    let error = #expect(throws: SourceError.self) { _ = try TopicRun.open(client, options) }
    #expect(error?.message.contains("does not exist in Kafka at 127.0.0.1") == true)
  }

  @Test("a broker that stops and comes back in the middle loses and doubles nothing")
  func brokerRestart() throws {
    let folder = FileManager.default.temporaryDirectory.path + "/sloscout-broker-\(UInt64.random(in: 0 ... .max))"
    let address = try TestBroker.script("start", folder: folder)
    defer {
      _ = try? TestBroker.script("stop", folder: folder)
      try? FileManager.default.removeItem(atPath: folder)
    }
    let topic = TestBroker.name("t")
    let client = try TestBroker.client(address) { ($0.connectTimeout, $0.transactionTimeout) = (2_000, 10_000) }
    let sink = try client.makeCommitter(topic)
    _ = try sink.open(context(isFresh: true))
    let reader = try TopicRun.open(client, TopicSourceOptions(topics: [topic]))
    var seen: [String] = []
    for number in 1...6 as ClosedRange<UInt64> {
      if number == 3 { try TestBroker.script("stop", folder: folder, keep: true) }
      if number == 3 {
        // The test broker is away: the rows stay where they are, and the job may try again.
        let away = #expect(throws: SinkError.self) { try sink.apply(TopicRun.epoch(number, ["\(number)"])) }
        #expect(away?.retry == .withBackoff)
        #expect(try TestBroker.script("start", folder: folder) == address)
      }
      try retrying { _ = try sink.apply(TopicRun.epoch(number, ["\(number)"])) }
      seen += try TopicRun.poll(reader, count: 1)
    }
    #expect(seen == (1...6).map { "\($0)" })
    #expect(try TopicRun.values(client, topic) == seen)
  }

  private func retrying(_ body: () throws -> Void) throws {
    let deadline = runtime.monotonic() + 60_000_000_000
    while true {
      do { return try body() } catch let error as SinkError where error.retry == .withBackoff && runtime.monotonic() < deadline {
        runtime.block(nanoseconds: 50_000_000)
      }
    }
  }

  @Test("an address where nobody listens is an error that names it, for source, sink and appender")
  func nobody() throws {
    let client = try TestBroker.client("127.0.0.1:1") { ($0.connectTimeout, $0.transactionTimeout) = (1_000, 2_000) }
    let source = #expect(throws: SourceError.self) { _ = try TopicRun.open(client, TopicSourceOptions(topics: ["t"])) }
    #expect(source?.message.contains("127.0.0.1:1") == true && source?.message.contains("Connection refused") == true)
    #expect(source?.isTransient == true)
    let sink = #expect(throws: SinkError.self) { _ = try client.makeCommitter("t").open(context()) }
    #expect(sink?.message.contains("Connection refused") == true && sink?.retry == .withBackoff)
    let appender = #expect(throws: TopicError.self) { _ = try client.makeAppender("t", runtime).append([TopicRun.stage(["a"])]) }
    #expect(appender?.kind == .unreachable)
  }

  @Test("a record that is larger than the connection allows is not staged, and one the broker takes is read whole")
  func large() throws {
    let (client, topic) = (try TestBroker.client(), TestBroker.name("t"))
    #expect(client.recordBytes == 1_000_000)
    let text = String(repeating: "x", count: 900_000)
    _ = try client.makeAppender(topic, runtime).append([TopicRun.stage([(nil, text, 1_000_000), (nil, text, 1_000_000)])])
    #expect(try TopicRun.readAll(client, topic).map { $0.value?.utf8.count } == [900_000, 900_000])
  }

  @Test("dead letters come back once, from the one topic to the other")
  func deadLetters() throws {
    let (client, raw, letters) = (try TestBroker.client(), TestBroker.name("raw"), TestBroker.name("dlq"))
    let appender = try client.makeAppender(raw, runtime)
    _ = try appender.append([TopicRun.stage([("key", "broken", 5_000_000)])])
    let original = try #require(try TopicRun.readAll(client, raw).first)
    var stage = TopicStage.signature
    let start = TopicRecord.begin(timestamp: 9_000_000, key: .null, to: &stage)
    stage += Array("broken".utf8)
    let headers = ["operator": "parse", "reason": "bad", "source": "\(raw)/\(original.partition)", "offset": "\(original.offset)"]
    for (name, value) in headers {
      let bytes = Array(value.utf8)
      bytes.withUnsafeBufferPointer {
        TopicRecord.append(header: Array(name.utf8), ByteView(base: $0.baseAddress, count: $0.count), to: &stage)
      }
    }
    TopicRecord.finish(start, valueCount: 6, headers: headers.count, in: &stage)
    _ = try client.makeAppender(letters, runtime).append([stage])
    for expected in [[1, 0], [0, 1]] {
      let result = try #require(try DeadLetterReplay(DeadLetterTopic(client, letters), runtime: runtime).run())
      #expect([result.replayed, result.before] == expected)
    }
    let all = try TopicRun.readAll(client, raw)
    #expect(all.count == 2 && all.allSatisfy { $0.key == "key" && $0.value == "broken" && $0.timestamp == 5_000_000 })
  }
}
#endif
