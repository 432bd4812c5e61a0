import CScan
import Connectors
import Dataflow
import Testing

@Suite("topic files: pure parts")
struct TopicFilesTests {
  private static func crc(_ bytes: [UInt8], _ function: (UInt32, UnsafeRawPointer?, Int) -> UInt32) -> UInt32 {
    bytes.withUnsafeBytes { function(0, $0.baseAddress, $0.count) }
  }

  @Test("CRC-32C is that of RFC 3720, and the same with and without special instructions, at any length and place")
  func crc() {
    #expect(Self.crc(Array("123456789".utf8), cscan_crc32c) == 0xE306_9283)
    #expect(Self.crc([UInt8](repeating: 0, count: 32), cscan_crc32c) == 0x8A91_36AA)
    #expect(Self.crc([UInt8](repeating: 0xFF, count: 32), cscan_crc32c) == 0x62A8_AB43)
    var random = SeededGenerator(seed: 1)
    let bytes = (0..<300).map { _ in UInt8.random(in: 0...255, using: &random) }
    for start in 0..<9 {
      for end in start..<bytes.count {
        let part = Array(bytes[start..<end])
        #expect(Self.crc(part, cscan_crc32c) == Self.crc(part, cscan_crc32c_portable))
      }
    }
    let head = Self.crc(Array(bytes[..<100]), cscan_crc32c)
    let whole = Self.crc(bytes, cscan_crc32c)
    #expect(bytes[100...].withUnsafeBytes { cscan_crc32c(head, $0.baseAddress, $0.count) } == whole)
  }

  private func frame() -> [UInt8] {
    var writer = TopicFrameWriter(nextOffset: 7)
    var stage: [UInt8] = []
    TopicHarness.append(Array("key".utf8), Array("value".utf8), 5, to: &stage)
    let first = stage.count
    TopicHarness.append(nil, nil, 9, to: &stage)
    stage.withUnsafeBytes { bytes in
      writer.append(UnsafeRawBufferPointer(rebasing: bytes[..<first]), timestamp: 5)
      writer.append(UnsafeRawBufferPointer(rebasing: bytes[first...]), timestamp: 9)
    }
    return writer.drain { Array($0) }
  }

  @Test("a frame says what is in it")
  func frames() throws {
    let bytes = frame()
    let read = try bytes.withUnsafeBytes { try TopicFrame.read($0).get() }
    #expect(read.size == bytes.count && read.records == 2 && read.firstOffset == 7 && read.newestTimestamp == 9)
    bytes.withUnsafeBytes { bytes in
      var cursor = TopicFrame.headSize
      let first = TopicRecord(bytes, &cursor)
      #expect(first?.key.string == "key" && first?.value.string == "value" && first?.timestamp == 5)
      let second = TopicRecord(bytes, &cursor)
      #expect(second?.key.isNull == true && second?.value.isNull == true)
      #expect(cursor == bytes.count)
    }
  }

  @Test("a frame with any bit flipped, or cut anywhere, is none")
  func damagedFrames() {
    let good = frame()
    for bit in 0..<good.count * 8 {
      var bad = good
      bad[bit / 8] ^= 1 << UInt8(bit % 8)
      let isRefused = bad.withUnsafeBytes { if case .failure = TopicFrame.read($0) { true } else { false } }
      #expect(isRefused, "bit \(bit)")
    }
    for count in 0..<good.count {
      let isRefused = good.prefix(count).withUnsafeBytes { if case .failure = TopicFrame.read($0) { true } else { false } }
      #expect(isRefused, "\(count) bytes")
    }
  }

  @Test("frames are closed when they are full, and a huge record has one of its own")
  func fullFrames() throws {
    var writer = TopicFrameWriter(nextOffset: 0)
    var small: [UInt8] = []
    TopicHarness.append(nil, [1], 0, to: &small)
    var huge: [UInt8] = []
    TopicHarness.append(nil, [UInt8](repeating: 7, count: TopicLimits.frameBytes * 2), 0, to: &huge)
    for _ in 0..<TopicLimits.frameRecords + 1 { small.withUnsafeBytes { writer.append($0, timestamp: 0) } }
    huge.withUnsafeBytes { writer.append($0, timestamp: 0) }
    small.withUnsafeBytes { writer.append($0, timestamp: 0) }
    let bytes = writer.drain { Array($0) }
    var counts: [Int] = []
    try bytes.withUnsafeBytes { bytes in
      var start = 0
      while start < bytes.count {
        let frame = try TopicFrame.read(UnsafeRawBufferPointer(rebasing: bytes[start...])).get()
        counts.append(frame.records)
        start += frame.size
      }
    }
    #expect(counts == [TopicLimits.frameRecords, 1, 1, 1])
    #expect(writer.nextOffset == Int64(TopicLimits.frameRecords + 3))
  }

  @Test("bytes that are no records never give one beyond their end", arguments: 0..<20 as Range<UInt64>)
  func hostileRecords(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<2000 {
      var bytes = (0..<random.int(0...60)).map { _ in UInt8(random.chance(2) ? random.int(0...30) : random.int(0...255)) }
      if bytes.count > 4 && random.chance(2) { bytes.replaceSubrange(1..<4, with: [0, 0, 0]) }
      bytes.withUnsafeBytes { bytes in
        var cursor = 0
        while let record = TopicRecord(bytes, &cursor) {
          #expect(cursor <= bytes.count)
          let used = record.key.count + record.value.count + record.headerBytes.count
          #expect(used <= bytes.count, "seed \(seed)")
          for header in record.headers ?? [] { #expect(header.name.count + header.value.count <= record.headerBytes.count) }
        }
      }
    }
  }

  @Test("the head of a segment is read back, and no damaged one is; names sort as offsets do")
  func segments() {
    let segment = TopicSegment(topic: .max, partition: 3, base: 1 << 40, created: -5)
    #expect(TopicSegment(segment.encoded) == segment && segment.encoded.count == TopicSegment.headSize)
    for bit in 0..<segment.encoded.count * 8 {
      var bad = segment.encoded
      bad[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(TopicSegment(bad) == nil)
    }
    let bases: [Int64] = [0, 9, 10, 1 << 40, .max]
    #expect(TopicSegment.bases(bases.map(TopicSegment.name).sorted() + ["lock", "x.segment", "12.segment"]) == bases)
  }

  @Test("a commit is read back, and neither a damaged nor a cut one is")
  func commits() {
    var commit = TopicCommit(id: 77, partitions: 2)
    commit.sequence = 4
    (commit.ends[1].offset, commit.ends[1].segment, commit.ends[1].size, commit.ends[1].created) = (5, 0, 99, 3)
    commit.ledger[.init(job: "a", sink: "s")] = LedgerRow(generation: 2, epoch: 8, digest: 0)
    commit.ledger[.init(job: "b", sink: "")] = LedgerRow(generation: 1, epoch: 0)
    let good = commit.encoded
    #expect(TopicCommit(good) == commit)
    for bit in 0..<good.count * 8 {
      var bad = good
      bad[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(TopicCommit(bad) == nil)
    }
    for count in 0..<good.count { #expect(TopicCommit(Array(good.prefix(count))) == nil) }
  }
}
