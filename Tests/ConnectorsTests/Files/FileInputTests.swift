import Connectors
import Dataflow
import Glibc
import Gzip
import Testing
import Zstd

@Suite("file source, hostile input")
struct FileInputTests {
  private let folder = TestFolder()

  private func options(_ pattern: String = "*") -> FileSourceOptions { FileSourceOptions(patterns: [folder[pattern]]) }

  @Test("NUL bytes, invalid UTF-8 and lone carriage returns pass through")
  func anyBytes() throws {
    let lines: [[UInt8]] = [[0, 0], [0xff, 0xfe, 0x80], [97, 13, 98], [0xed, 0xa0, 0x80], [13, 13]]
    folder.write("a", Array(lines.joined(separator: [10])))
    let run = try FileRun(options())
    try run.drain()
    #expect(run.lines.map(\.bytes) == [[0, 0], [0xff, 0xfe, 0x80], [97, 13, 98], [0xed, 0xa0, 0x80], [13]])
  }

  @Test("files without lines end at once", arguments: ["", "\n", "\r\n\n\n", "\n\n\n\n\r"])
  func empty(content: String) throws {
    folder.write("a", content)
    for parallelism in [1, 3] {
      let run = try FileRun(options(), parallelism: parallelism)
      try run.drain()
      #expect(run.lines.isEmpty)
      #expect(run.splits.isFinished(0))
    }
  }

  @Test(
    "a line of 10 MB among others is refused with all its bytes, and comes as a line where it is allowed", arguments: [1 << 20, 16 << 20],
    [true, false])
  func longLine(limit: Int, isStriped: Bool) throws {
    let long = [UInt8](repeating: 120, count: 10_000_000)
    folder.write(
      "a", Array("before\n".utf8) + long + Array("\r\nafter\n".utf8) + [UInt8](repeating: 121, count: limit) + Array("\nlast".utf8))
    var options = options()
    options.maxLineBytes = limit
    options.stripedAbove = isStriped ? 0 : .max
    let run = try FileRun(options, parallelism: 2)
    try run.drain()
    let lines = run.lines.sorted()
    #expect(lines.map(\.offset) == [0, 7, 10_000_009, 10_000_015, Int64(10_000_016 + limit)])
    #expect(lines.map(\.isRefused) == [false, limit == 1 << 20, false, false, false])
    #expect(lines[1].bytes == long)
    #expect(lines[3].bytes.count == limit)
    #expect(lines[4].text == "last")
  }

  @Test("of a line beyond 16 MiB the first 16 MiB are kept, in the middle and at the end", arguments: [true, false])
  func endlessLine(isLast: Bool) throws {
    let size = 21_000_000
    folder.write("a", Array("before\n".utf8) + [UInt8](repeating: 120, count: size) + Array((isLast ? "" : "\nafter\n").utf8))
    let run = try FileRun(options(), parallelism: 1)
    // It takes several calls: the subtask's other work need not wait.
    #expect(try !{ if case .drained = try run.poll() { true } else { false } }())
    #expect(run.lines.count <= 1)
    try run.drain()
    #expect(run.lines.map(\.offset) == [0, 7] + (isLast ? [] : [Int64(size + 8)]))
    #expect(run.lines[1].isRefused && run.lines[1].bytes.count == 16 << 20)
    let next = try FileRun(options(), from: run.positions)
    try next.drain()
    #expect(next.lines.isEmpty)
  }

  @Test("the guard turns refused lines into errors and hands the others on")
  func lineGuard() throws {
    folder.write("a", "short\n\(String(repeating: "x", count: 50))\nend\n")
    var options = options()
    options.maxLineBytes = 20
    let planned = FileSource.plan(options)
    #expect(planned.decoders.count == 1 && planned.isReplayable && planned.isBounded)
    #expect(planned.decoders[0].schema.fields.map(\.name) == ["line"])
    let reader = try planned.make()
    try reader.open(SourceContext(job: "j", id: "s", runtime: TestRuntime()))
    let batch = RecordBatch(schema: planned.schema)
    _ = try reader.poll(batch)
    let output = CollectingOutput(onError: .route)
    try planned.decoders[0].make().process(batch, output)
    try output.flushErrors()
    #expect(output.main == [["short"], ["end"]])
    #expect(output.counters.errors == 1 && output.counters.emitted == 2)
    #expect(output.errors.map { $0[1] } == ["line-too-long"])
    #expect(output.errors.map { $0[5] } == [String(repeating: "x", count: 50)])
  }

  @Test("a pattern without files is an error that names it", arguments: ["*.log", "none/*.log", "missing.log"])
  func noMatch(pattern: String) {
    let error = #expect(throws: SourceError.self) { try FileRun(options(pattern)) }
    #expect(error?.message == "no file matches \"\(folder[pattern])\"")
    #expect(error?.hint.contains("working directory") == true)
    let relative = #expect(throws: SourceError.self) { try FileRun(FileSourceOptions(patterns: ["no-such-folder/x"])) }
    #expect(relative?.message.hasPrefix("no file matches \"no-such-folder/x\" in /") == true)
  }

  @Test("folders and devices are told from files")
  func noFile() {
    folder.makeFolder("sub")
    let isFolder = #expect(throws: SourceError.self) { try FileRun(options("sub")) }
    #expect(isFolder?.message == "\(folder["sub"]) is a folder")
    #expect(throws: SourceError.self) { try FileRun(FileSourceOptions(patterns: ["/dev/null"])) }
    mkfifo(folder["pipe"], 0o644)
    #expect(throws: SourceError.self) { try FileRun(options("pipe")) }
  }

  @Test("a file that vanishes before it is read is warned of, the others are read")
  func vanishesBefore() throws {
    folder.write("a", "1\n")
    folder.write("b", "2\n")
    let run = try FileRun(options())
    folder.remove("a")
    try run.drain()
    #expect(run.texts == ["2"])
    #expect(run.warned.count == 1 && run.warned[0].contains(folder["a"]))
  }

  @Test("a file that is removed or cut while it is read keeps what was read")
  func vanishesWhile() throws {
    folder.write("a", String(repeating: "line\n", count: 200_000))
    let run = try FileRun(options())
    try run.poll()
    folder.remove("a")
    try run.drain()
    #expect(run.lines.count == 200_000)  // it lives as long as it is open

    folder.write("b", String(repeating: "line\n", count: 200_000))
    let cut = try FileRun(options())
    try cut.poll()
    folder.truncate("b")
    try cut.drain()
    #expect(cut.lines.count < 200_000 && cut.isFinished)
  }

  @Test("a compressed file that is cut short or damaged is an error after its lines, and names the file", arguments: [true, false])
  func damaged(isGzip: Bool) throws {
    let text = Array((0..<100_000).map { "line number \($0)\n" }.joined().utf8)
    var compressor = try ZstdCompressor(checksum: true)
    let packed = isGzip ? try GzipCompressor.compress(text) : try compressor.compress(text)
    folder.write("a", Array(packed.dropLast(packed.count / 3)))
    let run = try FileRun(options())
    let error = #expect(throws: SourceError.self) { try run.drain() }
    #expect(error?.message.hasPrefix("\(folder["a"]) is damaged after") == true)
    #expect(run.lines.count > 10_000 && run.texts.last?.hasPrefix("line number") == true)

    var options = options()
    options.compression = isGzip ? .zstd : .gzip
    folder.write("a", packed)
    #expect(throws: SourceError.self) { try FileRun(options).drain() }
    options.compression = .none
    try FileRun(options).drain()
  }

  @Test("a bomb without a newline gives one refused line of bounded size")
  func bomb() throws {
    // 30 MB of zeros: kept are 16 MiB of them.
    folder.write("a", try GzipCompressor.compress([UInt8](repeating: 0, count: 30_000_000), level: 1))
    let run = try FileRun(options())
    try run.drain()
    #expect(run.lines.count == 1 && run.lines[0].isRefused && run.lines[0].bytes.count == 16 << 20)
  }

  @Test("a source that is rotated between two runs reads the rest of the old file first")
  func rotatedBetweenRuns() throws {
    folder.write("app.log", "1\n2\n")
    let first = try FileRun(options("app.log"))
    try first.drain()
    folder.append("app.log", "3\n")
    folder.rename("app.log", to: "app.log.1")
    folder.write("app.log", "4\n")
    let second = try FileRun(options("app.log"), from: first.positions)
    try second.drain()
    #expect(second.texts == ["3", "4"])
    #expect(second.lines.map(\.split) == ["file:\(folder["app.log"])", "file:\(folder["app.log"])@1"])
    #expect(second.lines.map(\.offset) == [4, 0])
    let third = try FileRun(options("app.log"), from: second.positions)
    try third.drain()
    #expect(third.texts.isEmpty)
  }

  @Test("a replaced file is read from its beginning, an extended copy from where the original ended")
  func replaced() throws {
    let text = (0..<100).map { "line number \($0)\n" }.joined()
    folder.write("a", text)
    let first = try FileRun(options())
    try first.drain()
    folder.write("b", text + "more\n")
    folder.rename("b", to: "a")
    let copy = try FileRun(options(), from: first.positions)
    try copy.drain()
    #expect(copy.texts == ["more"])
    folder.write("b", "other\n" + text)
    folder.rename("b", to: "a")
    let other = try FileRun(options(), from: copy.positions)
    try other.drain()
    #expect(other.lines.count == 101 && other.lines[0].split == "file:\(folder["a"])@1")
  }

  @Test("two files with the same beginning are two files")
  func sameBeginning() throws {
    let banner = String(repeating: "the same long banner\n", count: 200)
    folder.write("a", banner + "1\n")
    let first = try FileRun(options())
    try first.drain()
    folder.write("b", banner + "2\n")
    folder.remove("a")
    let second = try FileRun(options(), from: first.positions)
    try second.drain()
    #expect(second.lines.count == 201)
  }

  @Test("stored positions that are damaged or from elsewhere are refused, whatever their bytes")
  func hostilePositions() throws {
    folder.write("a", "1\n2\n")
    let run = try FileRun(options())
    try run.drain()
    let good = run.positions[0]
    var random = SeededGenerator(seed: 3)
    var newer = good
    newer.state[0] = 9
    let error = #expect(throws: SourceError.self) { try FileRun(options(), from: [newer]) }
    #expect(error?.message.contains("has version 9") == true)
    for cut in 0..<good.state.count {
      var short = good
      short.state.removeLast(good.state.count - cut)
      #expect(throws: SourceError.self) { try FileRun(options(), from: [short]) }
    }
    for _ in 0..<2000 {
      var hostile = good
      hostile.state[random.int(1...good.state.count - 1)] = UInt8(random.int(0...255))
      // Whatever is accepted must end, and not trap.
      if let run = try? FileRun(options(), from: [hostile]) { try? run.drain() }
    }
  }
}

/// Keeps what an operator hands on, as text.
final class CollectingOutput: Output {
  var main: [[String]] = []
  var errors: [[String]] = []

  init(onError: ErrorPolicy) { super.init(operatorID: "o", onError: onError) }

  override func deliver(_ batch: RecordBatch) throws {
    for index in 0..<batch.selectedCount {
      main.append([batch.bytes(Schema([("line", .bytes)]).fields[0])[Int(batch.selection[index])].string])
    }
  }

  override func deliver(_ batch: RecordBatch, to side: SideOutput) throws {
    for row in 0..<batch.count {
      errors.append(ErrorRecords.schema.fields.map { $0.type == .bytes ? batch.bytes($0)[row].string : "\(batch.int64s($0)[row])" })
    }
  }
}
