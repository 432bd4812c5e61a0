internal import Dataflow
internal import Foundation
internal import Glibc
internal import Operators

/// Scanning, redacting and template look-up on their own: the shipped `redact-pii` and `fingerprint` over the lines of a file, on one thread.
public struct TextBenchmark {
  private let path: String
  private let seconds: Double

  /// A measurement over the lines of a file, again and again for about this long.
  public init(input: String, seconds: Double) {
    path = input
    self.seconds = seconds
  }

  /// One JSON line of figures. Throws when the file cannot be read or holds no line.
  public func run() throws -> String {
    let text = try Data(contentsOf: URL(fileURLWithPath: path))
    // 64 readable bytes behind the text, as behind every block that a source reads into.
    let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: text.count + 64)
    defer { memory.deallocate() }
    text.copyBytes(to: memory, count: text.count)
    let lines = UnsafeBufferPointer(start: memory, count: text.count).split(separator: 0x0A).map {
      ByteView(base: UnsafePointer(memory) + $0.startIndex, count: $0.count)
    }
    guard !lines.isEmpty else { throw BenchmarkError("\(path) holds no line") }
    let bytes = lines.reduce(0) { $0 + $1.count }

    let input = Schema([("message", .bytes)])
    let options = Config(["field": .string("message")])
    let redact = try RedactPII.type.plan(options, input)
    let fingerprint = try Fingerprint.type.plan(options, redact.schema)
    let last = Output(operatorID: "fingerprint")
    let first = PassingOutput(to: try fingerprint.make(), fingerprint.schema, last)
    let operation = try redact.make()
    let field = input.fields[0]

    func pass() throws {
      var next = 0
      while next < lines.count {
        let batch = RecordBatch(schema: input)
        let count = min(RecordBatch.capacity, lines.count - next)
        for i in 0..<count { batch.bytes(field)[batch.appendRow()] = lines[next + i] }
        next += count
        batch.extend(to: redact.schema)
        try operation.process(batch, first)
      }
    }
    try pass()  // templates are written once; what is measured is the steady state
    var passes = 0
    let start = Self.cpu()
    var used = 0.0
    while used < seconds || passes == 0 {
      try pass()
      passes += 1
      used = Self.cpu() - start
    }
    let rate = Double(lines.count * passes) / used
    return """
      {"lines":\(lines.count),"passes":\(passes),"cpu_seconds":\(String(format: "%.3f", used)),"lines_per_cpu_second":\(Int(rate)),\
      "ns_per_line":\(String(format: "%.1f", 1e9 / rate)),"megabytes_per_cpu_second":\(Int(rate * Double(bytes) / Double(lines.count) / 1e6)),\
      "handed_on":\(last.counters.emitted)}
      """
  }

  private static func cpu() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// Hands batches to the next operator.
  private final class PassingOutput: Output {
    private let next: any Operator
    private let schema: Schema
    private let after: Output

    init(to next: any Operator, _ schema: Schema, _ after: Output) {
      self.next = next
      self.schema = schema
      self.after = after
      super.init(operatorID: "redact-pii")
    }

    override func deliver(_ batch: RecordBatch) throws {
      batch.extend(to: schema)
      try next.process(batch, after)
    }
  }
}
