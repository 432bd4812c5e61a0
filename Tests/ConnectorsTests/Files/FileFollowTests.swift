import Connectors
import Dataflow
import Gzip
import Testing

@Suite("file source, follow")
struct FileFollowTests {
  private let folder = TestFolder()

  private func options(_ pattern: String = "app.log") -> FileSourceOptions {
    var options = FileSourceOptions(patterns: [folder[pattern]])
    options.mode = .follow
    return options
  }

  @Test("lines come when their newline does")
  func growth() throws {
    folder.write("app.log", "one\ntw")
    let run = try FileRun(options())
    try run.settle()
    #expect(run.texts == ["one"])
    folder.append("app.log", "o\n\r\nthree\r\n")
    try run.settle()
    #expect(run.texts == ["one", "two", "three"])
    #expect(run.lines.map(\.offset) == [0, 4, 10])
    #expect(run.lines.allSatisfy { $0.split == "file:\(folder["app.log"])" })
    guard case .wait(let pause) = try run.poll() else {
      Issue.record("a follower at the end waits")
      return
    }
    #expect(pause <= .milliseconds(250))
  }

  @Test("a file that does not exist yet is found when it appears")
  func appears() throws {
    let run = try FileRun(options("*.log"))
    try run.settle()
    #expect(run.lines.isEmpty && !run.isFinished)
    folder.write("a.log", "a\n")
    try run.settle()
    folder.write("b.log", "b\n")
    folder.write("c.txt", "c\n")
    try run.settle()
    #expect(run.texts == ["a", "b"])
  }

  @Test("with startFrom: end only what comes later is read, and new files from their beginning")
  func startAtEnd() throws {
    folder.write("a.log", "old\nhalf")
    var options = options("*.log")
    options.startFrom = .end
    let run = try FileRun(options)
    try run.settle()
    folder.append("a.log", " line\nnew\n")
    folder.write("b.log", "first\n")
    try run.settle()
    #expect(Set(run.texts) == ["new", "first"])
    folder.append("a.log", "while away\n")
    let next = try FileRun(options, from: run.positions)
    try next.settle()
    #expect(next.texts == ["while away"])
  }

  @Test("a renamed file is read to its end, then the new one", arguments: ["app.log", "app.log*"])
  func rename(pattern: String) throws {
    folder.write("app.log", "1\n2\n")
    let run = try FileRun(options(pattern))
    try run.settle()
    folder.append("app.log", "3\n")
    folder.rename("app.log", to: "app.log.1")
    folder.append("app.log.1", "4\n")
    folder.write("app.log", "5\n")
    try run.settle()
    #expect(run.texts == ["1", "2", "3", "4", "5"])
    folder.append("app.log.1", "late\n")  // the writer had not opened the new file yet
    folder.append("app.log", "6\n")
    try run.settle()
    #expect(Set(run.texts.dropFirst(5)) == ["late", "6"])
    #expect(run.lines.first { $0.text == "6" }?.split == "file:\(folder["app.log"])@1")
    #expect(run.lines.first { $0.text == "late" }?.split == "file:\(folder["app.log"])")
    #expect(run.lines.first { $0.text == "late" }?.offset == 8)
  }

  @Test("a renamed file is given up ten quiet seconds later, with its unfinished line")
  func leaves() throws {
    folder.write("app.log", "1\nhalf")
    let run = try FileRun(options())
    try run.settle()
    folder.rename("app.log", to: "old")
    try run.settle(38)
    #expect(run.texts == ["1"])
    try run.settle(6)
    #expect(run.texts == ["1", "half"])
    #expect(run.splits.isFinished(0))
  }

  @Test("a deleted file is read to its end")
  func deleted() throws {
    folder.write("app.log", "1\n")
    let run = try FileRun(options())
    try run.settle()
    folder.append("app.log", "2\n3")
    folder.remove("app.log")
    try run.settle(4)
    #expect(run.texts == ["1", "2", "3"])
    #expect(run.splits.isFinished(0))
    // The same name, perhaps the same inode: another file.
    folder.write("app.log", "1\n")
    try run.settle()
    #expect(run.texts == ["1", "2", "3", "1"])
    #expect(run.lines.last?.split == "file:\(folder["app.log"])@1")
  }

  @Test("a truncated file begins again, also when it has grown past the old end", arguments: [1, 100])
  func truncated(lines: Int) throws {
    folder.write("app.log", "first one\nfirst two\n")
    let run = try FileRun(options())
    try run.settle()
    folder.truncate("app.log")
    folder.append("app.log", String(repeating: "second\n", count: lines))
    try run.settle()
    #expect(run.texts == ["first one", "first two"] + [String](repeating: "second", count: lines))
    #expect(run.lines.last?.split == "file:\(folder["app.log"])@1")
    #expect(run.lines[2].offset == 0)
  }

  @Test("copytruncate: the copy gives what had not been read, and nothing twice")
  func copyTruncate() throws {
    let start = (0..<30).map { "line number \($0)\n" }.joined()
    folder.write("app.log", start)
    let run = try FileRun(options("app.log*"))
    try run.settle()
    #expect(run.lines.count == 30)
    // The copy is seen half made, then whole, while more lines come.
    let copied = start + "written before the truncation\n"
    folder.append("app.log.1", String(copied.prefix(60)))
    try run.settle(1)
    folder.append("app.log.1", String(copied.dropFirst(60)))
    folder.truncate("app.log")
    folder.append("app.log", "after\n")
    try run.settle()
    #expect(run.lines.count == 32)
    #expect(Set(run.texts.suffix(2)) == ["written before the truncation", "after"])
    let next = try FileRun(options("app.log*"), from: run.positions)
    try next.settle()
    #expect(next.lines.isEmpty)
  }

  @Test("a file that only begins like another one is read, a little later")
  func sameBeginning() throws {
    folder.write("a.log", "starting\nwith work\nmore work to do\n")
    let run = try FileRun(options("*.log"))
    try run.settle()
    folder.write("b.log", "starting\n")
    try run.settle(8)
    #expect(run.texts == ["starting", "with work", "more work to do", "starting"])
  }

  @Test("a compressed rotation of what was read gives nothing", arguments: [true, false])
  func compressedRotation(isRestarted: Bool) throws {
    let text = (0..<300).map { "line number \($0)\n" }.joined()
    folder.write("app.log", text)
    var run = try FileRun(options("app.log*"))
    try run.settle()
    let before = run.lines
    folder.write("app.log.1.gz", try GzipCompressor.compress(Array((text + "the rest\n").utf8)))
    folder.remove("app.log")
    folder.write("app.log", "new\n")
    if isRestarted { run = try FileRun(options("app.log*"), from: run.positions) }
    try run.settle(6)
    let fresh = isRestarted ? run.texts : Array(run.texts.dropFirst(before.count))
    #expect(Set(fresh) == ["the rest", "new"] && fresh.count == 2)
  }

  @Test("a compressed file is read to its last byte, and again only when it grows")
  func compressed() throws {
    folder.write("a.gz", try GzipCompressor.compress(Array("1\n2".utf8)))
    let run = try FileRun(options("*.gz"))
    try run.settle()
    #expect(run.texts == ["1", "2"])
    #expect(run.splits.isFinished(0))
    let next = try FileRun(options("*.gz"), from: run.positions)
    try next.settle()
    #expect(next.lines.isEmpty && next.splits.isFinished(0))
    folder.append("a.gz", try GzipCompressor.compress(Array("3\n".utf8)))
    try next.settle()
    #expect(next.texts == ["3"])
  }

  @Test("a file that is gone holds no watermark back after a restart")
  func goneIsFinished() throws {
    folder.write("app.log", "1\n")
    folder.write("app-2.log", "2\n")
    let run = try FileRun(options("*.log"))
    try run.settle()
    folder.remove("app.log")
    let next = try FileRun(options("*.log"), from: run.positions)
    for position in next.positions {
      #expect(next.splits.isFinished(next.splits.register(position.name)) == (position.name == "file:\(folder["app.log"])"))
    }
  }

  @Test("rotation while the job is down loses nothing", arguments: ["app.log", "app.log*"], [true, false])
  func rotationWhileDown(pattern: String, isCopied: Bool) throws {
    let start = (0..<30).map { "line number \($0)\n" }.joined()
    folder.write("app.log", start)
    let run = try FileRun(options(pattern))
    try run.settle()
    if isCopied {
      folder.write("app.log.1", start + "unread\n")
      folder.truncate("app.log")
    } else {
      folder.append("app.log", "unread\n")
      folder.rename("app.log", to: "app.log.1")
    }
    folder.append("app.log", "new\n")
    let next = try FileRun(options(pattern), from: run.positions)
    try next.settle()
    #expect(next.texts == ["unread", "new"])
    #expect(next.lines.map(\.split) == ["file:\(folder["app.log"])", "file:\(folder["app.log"])@1"])
    #expect(next.lines.map(\.offset) == [Int64(start.utf8.count), 0])
    folder.append("app.log", "newer\n")
    let third = try FileRun(options(pattern), from: next.positions)
    try third.settle()
    #expect(third.texts == ["newer"])
    #expect(third.lines[0].split == "file:\(folder["app.log"])@1")
  }

  @Test("rotation, restarts and writes in any order lose nothing and repeat nothing", arguments: 1...30 as ClosedRange<UInt64>)
  func anyOrder(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let options = options(random.chance(2) ? "app.log" : "app.log*")
    var number = 0
    var run = try FileRun(options, parallelism: random.int(1...3))
    var delivered: [String] = []
    var checkpoint: [SplitPosition] = []
    var rotations = 0
    for _ in 0..<60 {
      switch random.int(0...9) {
      case 0...4:
        let count = random.int(1...20)
        folder.append("app.log", (number..<number + count).map { "line \($0) of seed \(seed)\n" }.joined())
        number += count
      case 5:
        // As logrotate does: one rotation is read before the next comes.
        try run.settle(2)
        for old in stride(from: rotations, to: 0, by: -1) { folder.rename("app.log.\(old)", to: "app.log.\(old + 1)") }
        folder.rename("app.log", to: "app.log.1")
        rotations += 1
      case 6:
        checkpoint = run.positions
        delivered += run.texts
        run.close()
        run = try FileRun(options, parallelism: random.int(1...3), from: checkpoint)
      default: try run.settle(1)
      }
    }
    try run.settle(4)
    delivered += run.texts
    let numbers = delivered.compactMap { Int($0.split(separator: " ")[1]) }.sorted()
    #expect(numbers.count == number && numbers.first == 0 && Set(numbers).count == number, "seed \(seed)")
  }

  @Test("one file with two names is read once")
  func links() throws {
    folder.write("app-1.log", "1\n")
    folder.link("app-1.log", as: "current.log")
    let run = try FileRun(options("*.log"), parallelism: 2)
    try run.settle()
    folder.append("app-1.log", "2\n")
    try run.settle()
    #expect(run.texts == ["1", "2"])
  }

  @Test("files move between mode once and mode follow")
  func otherMode() throws {
    var once = options()
    once.mode = .once
    once.stripedAbove = 100
    once.stripeBlockSize = 1 << 10
    let text = (0..<3000).map { "line number \($0)\n" }.joined()
    folder.write("app.log", text + "half")
    let first = try FileRun(once, parallelism: 2)
    try first.drain()
    #expect(first.lines.count == 3001)
    folder.append("app.log", " of it\nnew\n")
    let second = try FileRun(options(), from: first.positions)
    try second.settle()
    #expect(second.texts == [" of it", "new"])
    folder.append("app.log", "newer\n")
    let third = try FileRun(once, parallelism: 2, from: second.positions)
    try third.drain()
    #expect(third.texts == ["newer"])
  }
}
