import Connectors
import Dataflow
import Gzip
import Testing
import Zstd

@Suite("file source, once")
struct FileOnceTests {
  /// Lines of all kinds; `mean` sets how long most are.
  private func content(_ size: Int, mean: Int, _ random: inout SeededGenerator) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size + 1000)
    while bytes.count < size {
      var length = random.int(0...2 * mean)
      if random.chance(10) { length = 0 }
      if random.chance(200) { length = random.int(0...20 * mean) }
      let filler = UInt8(random.int(0...255))
      let start = bytes.count
      bytes.append(contentsOf: [UInt8](repeating: filler == 10 || filler == 13 ? 0 : filler, count: length))
      // Every line says where it began, so that two equal ones cannot be taken for each other.
      for (index, digit) in String(start).utf8.enumerated() where index < length { bytes[start + index] = digit }
      if random.chance(6) { bytes.append(13) }
      bytes.append(10)
    }
    if random.chance(2) { bytes.append(contentsOf: Array("no newline".utf8)) }
    return bytes
  }

  private func check(_ run: FileRun, _ expected: [(offset: Int64, bytes: [UInt8], isRefused: Bool)], _ comment: Comment) {
    let lines = run.lines.sorted()
    #expect(lines.count == expected.count, comment)
    for (line, wanted) in zip(lines, expected)
    where line.offset != wanted.offset || line.bytes != wanted.bytes || line.isRefused != wanted.isRefused {
      Issue.record(
        "offset \(line.offset) instead of \(wanted.offset), \(line.bytes.count) bytes instead of \(wanted.bytes.count): \(comment)")
      return
    }
  }

  @Test("files that are read later are not idle meanwhile: windows wait for their lines")
  func waiting() throws {
    let folder = TestFolder()
    for name in ["a.log", "b.log"] { folder.write(name, Array("one\ntwo\n".utf8)) }
    let run = try FileRun(FileSourceOptions(patterns: [folder["*.log"]]))
    #expect(run.positions.count == 2)
    for split in run.positions { #expect(run.splits.isComplete(run.splits.register(split.name))) }
    try run.drain()
    #expect(run.lines.count == 4)
  }

  @Test("every line comes once, with its offset, at any parallelism", arguments: 1...14 as ClosedRange<UInt64>)
  func everyLine(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let folder = TestFolder()
    let mean = [1, 20, 300, 5000, 40_000][random.int(0...4)]
    let bytes = content([0, 1, 500, 30_000, 300_000, 900_000][random.int(0...5)], mean: mean, &random)
    folder.write("a.log", bytes)
    var options = FileSourceOptions(patterns: [folder["*.log"]])
    options.stripedAbove = random.chance(3) ? .max : Int64(random.int(0...600_000))
    options.stripeBlockSize = random.chance(4) ? 240 << 10 : random.int(1 << 10...30_000)
    options.maxLineBytes = random.chance(3) ? mean : 1 << 20
    let expected = naiveLines(bytes, max: options.maxLineBytes)
    for parallelism in [1, 2, 3, 4, 12, 13] {
      let run = try FileRun(options, parallelism: parallelism)
      try run.drain(&random)
      check(run, expected, "seed \(seed), parallelism \(parallelism)")
      if parallelism == 1 { #expect(run.lines == run.lines.sorted(), "one subtask reads in order, seed \(seed)") }
      for split in run.positions { #expect(run.splits.isFinished(run.splits.register(split.name))) }
    }
  }

  @Test("a restored run delivers exactly the rest, at any other parallelism", arguments: 100...118 as ClosedRange<UInt64>)
  func restore(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let folder = TestFolder()
    let mean = [20, 300, 5000, 300_000][random.int(0...3)]
    let bytes = content(random.int(1...200_000), mean: mean, &random)
    let packing = random.int(0...4)
    switch packing {
    case 0: folder.write("a.log", try GzipCompressor.compress(bytes, level: 1))
    case 1:
      var compressor = try ZstdCompressor()
      folder.write(
        "a.log",
        try compressor.compress(Array(bytes.prefix(bytes.count / 2))) + compressor.compress(Array(bytes.dropFirst(bytes.count / 2))))
    default: folder.write("a.log", bytes)
    }
    var options = FileSourceOptions(patterns: [folder["*.log"]])
    options.stripedAbove = random.chance(3) ? .max : Int64(random.int(0...500_000))
    options.stripeBlockSize = random.chance(4) ? 240 << 10 : random.int(1 << 10...30_000)
    var delivered: [ReadLine] = []
    var positions: [SplitPosition]?
    while true {
      let run = try FileRun(options, parallelism: random.int(1...13), from: positions)
      for _ in 0..<random.int(0...30) where !run.isFinished { try run.step(&random) }
      // What comes between the checkpoint and the crash is read again.
      let checkpoint = run.positions
      delivered += run.lines
      if run.isFinished { break }
      positions = checkpoint
      for _ in 0..<random.int(0...3) where !run.isFinished { try run.step(&random) }
    }
    let expected = naiveLines(bytes)
    let lines = delivered.sorted()
    #expect(lines.map(\.offset) == expected.map(\.offset), "seed \(seed)")
    #expect(lines.map(\.bytes) == expected.map(\.bytes), "seed \(seed)")
  }

  @Test("a file that grew between two runs goes on where it ended", arguments: 200...218 as ClosedRange<UInt64>)
  func growth(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let folder = TestFolder()
    var bytes: [UInt8] = []
    var options = FileSourceOptions(patterns: [folder["*.log"]])
    options.stripedAbove = random.chance(2) ? .max : 0
    options.stripeBlockSize = random.int(1 << 10...100_000)
    var positions: [SplitPosition]?
    var delivered: [ReadLine] = []
    var expected: [(Int64, [UInt8])] = []
    for _ in 0..<5 {
      let mean = [3, 300, 30_000, 400_000][random.int(0...3)]
      var more = random.chance(4) ? [] : content(random.int(1...200_000), mean: mean, &random)
      if random.chance(3) { more = more.filter { $0 != 10 } }  // a long rest of the last line
      // A delivered end of a file is the end of a line.
      for (offset, line, _) in naiveLines(more) { expected.append((offset + Int64(bytes.count), line)) }
      bytes += more
      folder.append("a.log", more)
      let run = try FileRun(options, parallelism: random.int(1...13), from: positions)
      try run.drain(&random)
      delivered += run.lines
      positions = run.positions
    }
    let lines = delivered.sorted()
    #expect(lines.map(\.offset) == expected.map(\.0), "seed \(seed)")
    #expect(lines.map(\.bytes) == expected.map(\.1), "seed \(seed)")
  }

  @Test("a finished file gives nothing in the next run, at any parallelism", arguments: [1, 2, 5, 12])
  func finished(parallelism: Int) throws {
    var random = SeededGenerator(seed: 7)
    let folder = TestFolder()
    folder.write("a.log", content(1_000_000, mean: 100, &random))
    folder.write("b.log", content(10_000, mean: 100, &random))
    folder.write("c.log.gz", try GzipCompressor.compress(content(50_000, mean: 100, &random)))
    folder.write("empty.log", "")
    var options = FileSourceOptions(patterns: [folder["*.log*"]])
    options.stripedAbove = 500_000
    let first = try FileRun(options, parallelism: 3)
    try first.drain(&random)
    let second = try FileRun(options, parallelism: parallelism, from: first.positions)
    try second.drain(&random)
    #expect(second.lines.isEmpty)
    #expect(Set(second.positions.map(\.name)) == Set(first.positions.map(\.name)))
    let third = try FileRun(options, parallelism: 1, from: second.positions)
    try third.drain(&random)
    #expect(third.lines.isEmpty)
  }
}
