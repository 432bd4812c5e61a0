import Connectors
import Dataflow
import Glibc
import Synchronization
import Testing

@Suite("local topics")
struct LocalTopicTests {
  private let folder = TestFolder()
  private let runtime = TestRuntime()

  private func client(_ change: (inout LocalTopicSettings) -> Void = { _ in }) -> LocalTopicClient {
    var settings = LocalTopicSettings()
    settings.isDurable = false
    change(&settings)
    return LocalTopicClient(root: folder.path, settings: settings)
  }

  private func append(_ client: LocalTopicClient, _ records: [(key: String?, value: String, time: Int64)]) throws {
    #expect(try client.makeAppender("t", runtime).append([TopicHarness.stage(records)]) == records.count)
  }

  @Test("what was appended is read, whatever the sizes, partitions and segments", arguments: 0..<12 as Range<UInt64>)
  func roundTrip(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let partitions = random.int(1...5)
    let client = client {
      $0.partitions = partitions
      $0.segmentBytes = Int64([1 << 10, 64 << 10, 1 << 20].randomElement(using: &random) ?? 1 << 10)
    }
    var sent: [ReadRecord] = []
    for _ in 0..<random.int(1...12) {
      var stage = TopicStage.signature
      for _ in 0..<random.int(0...1500) {
        func bytes(_ size: Int) -> [UInt8]? { random.chance(8) ? nil : (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) } }
        let record = ReadRecord(
          partition: 0, offset: 0, key: bytes(random.int(0...4)),
          value: bytes(random.chance(500) ? random.int(0...400_000) : random.int(0...90)),
          timestamp: random.chance(9) ? RecordBatch.noTime : Int64(random.int(0...1000)))
        TopicHarness.append(record.key, record.value, record.timestamp, to: &stage)
        sent.append(record)
      }
      _ = try client.makeAppender("t", runtime).append([stage])
    }
    let read = try TopicHarness.readAll(client, "t")
    func plain(_ records: [ReadRecord]) -> [ReadRecord: Int] {
      Dictionary(
        records.map { ($0, 1) }.map { pair in
          var record = pair.0
          (record.partition, record.offset) = (0, 0)
          return (record, 1)
        }, uniquingKeysWith: +)
    }
    #expect(plain(read) == plain(sent), "seed \(seed)")
    // One key, one partition, in the order sent.
    for key in Set(sent.compactMap(\.key)) {
      let got = read.filter { $0.key == key }
      #expect(Set(got.map(\.partition)).count == 1)
      #expect(got.map(\.value) == sent.filter { $0.key == key }.map(\.value))
    }
  }

  @Test("a reader starts anywhere and stops anywhere", arguments: 0..<6 as Range<UInt64>)
  func seeking(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let client = client {
      $0.partitions = 1
      $0.segmentBytes = 20_000
    }
    var count = 0
    while count < 4000 {
      let more = random.int(1...700)
      try append(client, (count..<count + more).map { (nil, "value \($0)", Int64($0)) })
      count += more
    }
    let reader = try client.makeReader("t")
    try reader.refresh()
    for _ in 0..<60 {
      let start = Int64(random.int(0...count))
      let limit = Int64(random.int(0...count + 5))
      let batch = RecordBatch(schema: TopicColumns.schema)
      let next = try reader.read(0, from: start, below: limit, into: batch)
      let got = TopicHarness.records(batch, partition: 0)
      #expect(got.map(\.text) == (start..<max(start, next)).map { "value \($0)" }, "seed \(seed)")
      #expect(next == (start >= min(limit, Int64(count)) ? start : min(limit, Int64(count), next)))
      #expect(next > start || start >= min(limit, Int64(count)))
    }
  }

  @Test("readers see each record once, in order, while another thread appends")
  func concurrent() async throws {
    let client = client {
      $0.partitions = 2
      $0.segmentBytes = 8_000
    }
    let runtime = runtime
    let (total, readers) = (6000, 3)
    let isDone = Flag()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        let appender = try client.makeAppender("t", runtime)
        for start in stride(from: 0, to: total, by: 50) {
          _ = try appender.append([TopicHarness.stage((start..<start + 50).map { ("\($0 % 7)", "\($0)", Int64($0)) })])
        }
        isDone.raise()
      }
      for _ in 0..<readers {
        group.addTask {
          let reader = try client.makeReader("t")
          var next = [Int64](repeating: 0, count: 2)
          var seen: [Int: [Int]] = [:]
          while true {
            let wasDone = isDone.isRaised
            try reader.refresh()
            var isIdle = true
            for partition in 0..<reader.partitions {
              let batch = RecordBatch(schema: TopicColumns.schema)
              next[partition] = try reader.read(partition, from: next[partition], below: .max, into: batch)
              let values = TopicHarness.records(batch, partition: partition).compactMap { Int($0.text) }
              for value in values { seen[value % 7, default: []].append(value) }
              if !values.isEmpty { isIdle = false }
            }
            if isIdle && wasDone { break }
            await Task.yield()
          }
          for rest in 0..<7 { #expect(seen[rest] == Array(stride(from: rest, to: total, by: 7))) }
        }
      }
      try await group.waitForAll()
    }
  }

  @Test("damage anywhere in the records is reported with file and byte, never passed over")
  func damage() throws {
    let client = client { $0.partitions = 1 }
    for round in 0..<3 { try append(client, (0..<3).map { ("k", "value \(round) \($0)", 1) }) }
    let path = client.topic("t").segmentPath(0, 0)
    let good = try PosixFileSystem().read(path)
    let expected = try TopicHarness.readAll(client, "t")
    for index in good.indices {
      var bad = good
      bad[index] ^= 0x10
      folder.write("t/0/\(TopicSegment.name(0))", bad)
      let error = #expect(throws: TopicError.self, "byte \(index)") { try TopicHarness.readAll(client, "t") }
      #expect(error?.kind == .damaged && error?.message.contains(path) == true && error?.message.contains("byte ") == true)
    }
    for count in good.indices {
      folder.write("t/0/\(TopicSegment.name(0))", Array(good.prefix(count)))
      #expect(throws: TopicError.self, "\(count) bytes") { try TopicHarness.readAll(client, "t") }
      #expect(throws: TopicError.self, "\(count) bytes") { try append(client, [("k", "more", 1)]) }
    }
    folder.write("t/0/\(TopicSegment.name(0))", good)
    #expect(try TopicHarness.readAll(client, "t") == expected)
  }

  @Test("a segment that is missing between two others is damage; one at the front is retention's work")
  func missingSegment() throws {
    let client = client {
      $0.partitions = 1
      $0.segmentBytes = 100
    }
    for value in 0..<5 { try append(client, [(nil, "value \(value)", 1)]) }
    let reader = try client.makeReader("t")
    try reader.refresh()
    let names = try PosixFileSystem().list("\(folder.path)/t/0")
    #expect(names.count == 5)
    folder.remove("t/0/\(names[0])")
    #expect(try reader.start(0) == 1)
    let batch = RecordBatch(schema: TopicColumns.schema)
    #expect(
      throws: TopicError(
        .gone(first: 1), "offset 0 of partition 0 of topic \"t\" was removed by retention; the oldest is 1",
        hint: "give the topic more retention, or set onGap: earliest to go on with what there is")
    ) {
      try reader.read(0, from: 0, below: .max, into: batch)
    }
    folder.remove("t/0/\(names[3])")
    let error = #expect(throws: TopicError.self) { try TopicHarness.readAll(client, "t") }
    #expect(error?.kind == .damaged && error?.message.contains(names[2]) == true)
  }

  @Test("what an append left behind without a commit is not read, and the next append removes it")
  func leftovers() throws {
    let client = client { $0.partitions = 1 }
    try append(client, [(nil, "a", 1)])
    let path = "t/0/\(TopicSegment.name(0))"
    let good = try PosixFileSystem().read(folder[path])
    // A torn frame, and a segment that was begun.
    folder.append(path, Array(good.dropFirst(TopicSegment.headSize).dropLast(3)))
    folder.write("t/0/\(TopicSegment.name(1))", [1, 2, 3])
    #expect(try TopicHarness.readAll(client, "t").map(\.text) == ["a"])
    try append(client, [(nil, "b", 1)])
    #expect(try TopicHarness.readAll(client, "t").map(\.text) == ["a", "b"])
    #expect(try PosixFileSystem().list(folder["t/0"]) == [TopicSegment.name(0)])
  }

  @Test("leftovers that are longer than what comes in their place are never read, also when the file is closed")
  func longLeftovers() throws {
    let client = client {
      $0.partitions = 1
      $0.segmentBytes = 100
    }
    try append(client, [(nil, "a", 1)])
    let garbage = [UInt8](repeating: 7, count: 5000)
    folder.append("t/0/\(TopicSegment.name(0))", garbage)
    // Segments that were begun: one where the next will be, one beyond it.
    for base in [1, 2] as [Int64] { folder.write("t/0/\(TopicSegment.name(base))", garbage) }
    #expect(try TopicHarness.readAll(client, "t").map(\.text) == ["a"])
    for value in ["b", "c", "d"] { try append(client, [(nil, value, 1)]) }
    #expect(try TopicHarness.readAll(client, "t").map(\.text) == ["a", "b", "c", "d"])
    #expect(try PosixFileSystem().list(folder["t/0"]).count == 4)
  }

  @Test("old segments go by size, whole ones and from the front; readers that fell off are told")
  func retentionBySize() throws {
    let client = client {
      $0.partitions = 1
      $0.segmentBytes = 2_000
      $0.retentionBytes = 10_000
    }
    let slow = try client.makeReader("t")
    for value in 0..<400 { try append(client, [(nil, "value \(value) " + String(repeating: "x", count: 90), 1)]) }
    let files = PosixFileSystem()
    let sizes = try files.list(folder["t/0"]).map { try files.size(folder["t/0/\($0)"]) }
    #expect(sizes.reduce(0, +) <= 12_000 && sizes.count > 2)
    try slow.refresh()
    let start = try slow.start(0)
    #expect(start > 300)
    let batch = RecordBatch(schema: TopicColumns.schema)
    let error = #expect(throws: TopicError.self) { try slow.read(0, from: 5, below: .max, into: batch) }
    #expect(error?.kind == .gone(first: start))
    #expect(try TopicHarness.readAll(client, "t").count == 400 - Int(start))
  }

  @Test("old segments go by age of writing, not by the records' own time")
  func retentionByAge() throws {
    let second: Int64 = 1_000_000_000
    let client = client {
      $0.partitions = 2
      $0.retentionAge = 80 * second
    }
    for value in 0..<100 {
      try append(client, [("a", "value \(value)", 0), ("b", "value \(value)", 0), ("c", "value \(value)", 0)])
      runtime.advance(by: 5 * second)
    }
    let left = Set(try TopicHarness.readAll(client, "t").compactMap { Int($0.text.dropFirst(6)) })
    // 80 s are 16 appends, and a segment's span of up to 10 s more.
    #expect(left == Set((left.min() ?? 0)..<100) && (16...22).contains(left.count), "\(left.count)")
  }

  @Test("a second writer waits, and is told by whom it waited")
  func locked() throws {
    let client = client()
    try append(client, [(nil, "a", 1)])
    guard case .held(let lock) = try PosixFileSystem().lock(folder["t/lock"]) else {
      Issue.record("the lock was not free")
      return
    }
    let error = #expect(throws: TopicError.self) { try append(client, [(nil, "b", 1)]) }
    #expect(error?.kind == .busy && error?.message == "topic \"t\" is being written by process \(getpid()), which does not end")
    withExtendedLifetime(lock) {}
    #expect(try TopicHarness.readAll(client, "t").map(\.text) == ["a"])
  }

  @Test("a topic is given more partitions, never fewer, and keeps its records")
  func morePartitions() throws {
    for count in [2, 5, 3] {
      try append(client { $0.partitions = count }, (0..<20).map { ("\($0)", "\(count)", 1) })
    }
    let all = try TopicHarness.readAll(client(), "t")
    #expect(all.count == 60)
    #expect(Set(all.map(\.partition)) == Set(0..<5))
    #expect(try client().topic("t").commit()?.ends.count == 5)
  }
}

/// Says to other threads that something is over.
private final class Flag: Sendable {
  private let value = Atomic(false)
  var isRaised: Bool { value.load(ordering: .acquiring) }
  func raise() { value.store(true, ordering: .releasing) }
}
