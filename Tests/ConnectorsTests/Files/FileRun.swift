import Connectors
import Dataflow
import Synchronization

/// A record as a test sees it.
struct ReadLine: Hashable, Comparable {
  var split: String
  var offset: Int64
  var bytes: [UInt8]
  var isRefused = false

  var text: String { String(decoding: bytes, as: UTF8.self) }

  static func < (a: ReadLine, b: ReadLine) -> Bool { (a.offset, a.split) < (b.offset, b.split) }
}

/// The subtasks of a file source, driven by hand: a job without the rest of the job.
final class FileRun {
  let splits = SplitTable()
  let runtime: TestRuntime
  private let warnings = WarningBox()
  private var readers: [any SourceReader] = []
  private var isDrained: [Bool] = []
  private(set) var lines: [ReadLine] = []
  private let schema: Schema

  init(_ options: FileSourceOptions, parallelism: Int = 1, from positions: [SplitPosition]? = nil, runtime: TestRuntime = TestRuntime())
    throws
  {
    self.runtime = runtime
    var options = options
    let box = warnings
    options.warn = { box.add($0) }
    let planned = FileSource.plan(options)
    schema = planned.schema
    for subtask in 0..<parallelism {
      let reader = try planned.make()
      readers.append(reader)
      isDrained.append(false)
      let context = SourceContext(job: "j", id: "s", subtask: subtask, parallelism: parallelism, splits: splits, runtime: runtime)
      try reader.open(context)
    }
    if let positions { for reader in readers { try reader.restore(positions) } }
  }

  var warned: [String] { warnings.all }
  var positions: [SplitPosition] { readers.flatMap { $0.positions() } }
  var isFinished: Bool { isDrained.allSatisfy { $0 } }
  var texts: [String] { lines.map(\.text) }

  /// Polls one subtask once. Answers with its status.
  @discardableResult
  func poll(_ subtask: Int = 0) throws -> SourceStatus {
    let batch = RecordBatch(schema: schema)
    let status = try readers[subtask].poll(batch)
    var split: UInt32?
    precondition(batch.count == batch.selectedCount && batch.count <= RecordBatch.capacity)
    for row in 0..<batch.count {
      precondition(batch.selection[row] == UInt16(row) && batch.times[row] == RecordBatch.noTime && batch.ordinals[row] == 0)
      precondition(split == nil || split == batch.splits[row], "one split a batch")
      split = batch.splits[row]
      let line = batch.bytes(schema.fields[0])[row]
      let error = batch.bytes(schema.fields[1])[row]
      precondition(line.isNull != error.isNull)
      precondition(!line.isNull || error.string == "line-too-long")
      precondition(line.isNull || line.base == batch.raws[row].base && line.count == batch.raws[row].count)
      lines.append(
        ReadLine(
          split: splits.name(batch.splits[row]), offset: batch.offsets[row], bytes: Array(batch.raws[row].buffer), isRefused: line.isNull))
    }
    if case .drained = status { isDrained[subtask] = true }
    return status
  }

  /// Polls until all subtasks are drained, in a random order.
  func drain(_ random: inout SeededGenerator) throws {
    while !isFinished { try step(&random) }
  }

  func drain() throws {
    var random = SeededGenerator(seed: 1)
    try drain(&random)
  }

  /// Polls a random subtask that is not drained.
  func step(_ random: inout SeededGenerator) throws {
    let open = isDrained.indices.filter { !isDrained[$0] }
    try poll(open[random.int(0...open.count - 1)])
  }

  /// Follow mode: polls all subtasks until they wait, then turns the clock by one poll interval; so often.
  func settle(_ rounds: Int = 3) throws {
    for _ in 0..<rounds {
      for subtask in readers.indices {
        while case .more = try poll(subtask) {}
      }
      runtime.advance(by: 250_000_000)
    }
  }

  func close() { for reader in readers { reader.close() } }
}

private final class WarningBox: Sendable {
  private let messages = Mutex<[String]>([])
  func add(_ message: String) { messages.withLock { $0.append(message) } }
  var all: [String] { messages.withLock { $0 } }
}

/// The lines of a content, found in the most obvious way.
func naiveLines(_ content: [UInt8], max: Int = 1 << 20) -> [(offset: Int64, bytes: [UInt8], isRefused: Bool)] {
  var result: [(Int64, [UInt8], Bool)] = []
  content.withUnsafeBufferPointer { bytes in
    var start = 0
    for index in 0...bytes.count where index == bytes.count || bytes[index] == 10 {
      var end = index
      if end > start && bytes[end - 1] == 13 { end -= 1 }
      if end > start { result.append((Int64(start), Array(bytes[start..<end]), end - start > max)) }
      start = index + 1
    }
  }
  return result
}
