internal import Connectors
internal import Dataflow
internal import Foundation
internal import Glibc

/// What OTLP costs a core of this machine: protobuf to the form that is kept, and that form to rows.
public struct OTLPBenchmark {
  private let signal: OTLPSignal
  private let input: String?
  private let seconds: Double

  /// - Parameters:
  ///   - signal: `traces`, `logs` or `metrics`. Nil for anything else.
  ///   - input: a file of OTLP/JSON requests, one a line, to decode; what is made of protobuf unless given.
  ///   - seconds: about how many seconds of CPU time each figure takes.
  public init?(signal: String, input: String?, seconds: Double) {
    guard let signal = OTLPSignal(rawValue: signal) else { return nil }
    self.signal = signal
    self.input = input
    self.seconds = seconds
  }

  /// One JSON line of figures. Throws when the file cannot be read or holds no line.
  public func run() throws -> String {
    let request = OTLPSample(signal: signal, records: 500).request
    let message: OTLPMessage = signal == .traces ? .traces : signal == .logs ? .logs : .metrics
    let kept = try request.withUnsafeBytes { try OTLPTranscoder.json($0, message) }
    let transcoded = try rate { try request.withUnsafeBytes { _ = try OTLPTranscoder.json($0, message) } } * 500
    let lines = try input.map { try Data(contentsOf: URL(fileURLWithPath: $0)) } ?? Data(kept + [0x0A])
    let (records, megabytes) = try decoded(lines)
    return
      "{\"signal\":\"\(signal.rawValue)\",\"request_bytes_a_record\":\(request.count / 500),\"kept_bytes_a_record\":\(kept.count / 500),"
      + "\"transcoded_records_s\":\(Int(transcoded)),\"decoded_records_s\":\(Int(records)),\"decoded_mb_s\":\(Int(megabytes))}"
  }

  /// Records and megabytes that the decoder takes apart in a second.
  private func decoded(_ text: Data) throws -> (records: Double, megabytes: Double) {
    // 64 readable bytes behind the text, as behind every block that a source reads into.
    let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: text.count + 64)
    defer { memory.deallocate() }
    text.copyBytes(to: memory, count: text.count)
    let lines = UnsafeBufferPointer(start: memory, count: text.count).split(separator: 0x0A).map {
      ByteView(base: UnsafePointer(memory) + $0.startIndex, count: $0.count)
    }
    guard !lines.isEmpty else { throw BenchmarkError("there is no line to decode") }
    let schema = Schema([("line", .bytes)])
    let line = schema.fields[0]
    let decoder = try signal.decoder(of: line).make()
    let output = Output(operatorID: "bench", onError: .drop)
    let passes = try rate {
      for start in stride(from: 0, to: lines.count, by: 16) {
        let batch = RecordBatch(schema: schema)
        for view in lines[start..<min(lines.count, start + 16)] { batch.bytes(line)[batch.appendRow()] = view }
        try decoder.process(batch, output)
      }
    }
    let once = Output(operatorID: "count", onError: .drop)
    let batch = RecordBatch(schema: schema)
    var emitted = 0
    for view in lines {
      if batch.isFull {
        try decoder.process(batch, once)
        batch.count = 0
        batch.selectedCount = 0
      }
      batch.bytes(line)[batch.appendRow()] = view
    }
    try decoder.process(batch, once)
    emitted = once.counters.emitted + once.counters.errors
    return (passes * Double(emitted), passes * Double(text.count) / 1e6)
  }

  /// How often a second of CPU time the body can run.
  private func rate(_ body: () throws -> Void) throws -> Double {
    try body()
    var count = 0
    let start = ProcessUsage.now.cpuSeconds
    var used = 0.0
    while used < seconds || count == 0 {
      try body()
      count += 1
      used = ProcessUsage.now.cpuSeconds - start
    }
    return Double(count) / used
  }
}
