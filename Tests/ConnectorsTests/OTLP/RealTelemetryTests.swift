import Connectors
import Dataflow
import Foundation
import Gzip
import Testing

/// The decoders over real telemetry of two public systems, where it is at hand: a folder `data/traces` in `SLOSCOUT_SHARED`, or in a folder
/// `shared` beside the repository.
@Suite(
  .serialized,
  .enabled(if: RealTelemetry.folder != nil, "SKIPPED: no real telemetry here; set SLOSCOUT_SHARED to the folder that holds data/traces"))
struct RealTelemetryTests {
  @Test("Train Ticket's logs: 172,677 records are good and the 45 with an impossible time are named")
  func trainTicketLogs() throws {
    let run = OTLPRun()
    run.keepsRows = false
    let schema = DecodeOTLPLogs.schema
    let (service, severity, message, id) = (
      schema.field("service")!, schema.field("severity")!, schema.field("message")!, schema.field("event_id")!
    )
    var services: Set<String> = []
    var severities: [String: Int] = [:]
    var ids: Set<String> = []
    var nulls = 0
    run.onBatch = { batch in
      for index in 0..<batch.selectedCount {
        let row = Int(batch.selection[index])
        services.insert(batch.bytes(service)[row].string)
        severities[batch.bytes(severity)[row].string, default: 0] += 1
        ids.insert(batch.bytes(id)[row].string)
        if batch.bytes(message)[row].isNull || !TimePolicy.defaultPlausible.contains(batch.times[row]) { nulls += 1 }
      }
    }
    try RealTelemetry.feed("train-ticket-logs.otlp.jsonl.gz", run)
    #expect(run.counters.received == 172_722 && run.counters.emitted == 172_677 && run.counters.errors == 45)
    #expect(run.errors.allSatisfy { $0.hasPrefix("impossible-time: timeUnixNano of record telemetry.jsonl:") })
    #expect(Set(run.errors).count == 45)
    #expect(services.count == 27 && ids.count == 172_677 && nulls == 0)
    // The refused records have severities too: with them INFO is 164,893, WARN 6,497, ERROR 1,332.
    for raw in run.errorRaws {
      let word = try #require(["INFO", "WARN", "ERROR"].first { raw.contains(" \($0) ") })
      severities[word, default: 0] += 1
    }
    #expect(severities == ["INFO": 164_893, "WARN": 6_497, "ERROR": 1_332])
  }

  @Test("Online Boutique's spans are all read, each unique one under one id")
  func onlineBoutiqueSpans() throws {
    let run = OTLPRun(traces: true)
    run.keepsRows = false
    let schema = DecodeOTLPSpans.schema
    let fields = ["event_id", "trace_id", "service"].map { schema.field($0)! }
    var seen: [Set<String>] = [[], [], []]
    run.onBatch = { batch in
      for index in 0..<batch.selectedCount {
        for (number, field) in fields.enumerated() { seen[number].insert(batch.bytes(field)[Int(batch.selection[index])].string) }
      }
    }
    try RealTelemetry.feed("online-boutique-traces.otlp.jsonl.gz", run)
    #expect(run.errors.isEmpty)
    #expect(run.counters.emitted == 148_168)
    #expect(seen.map(\.count) == [147_133, 3_794, 10])
  }
}

enum RealTelemetry {
  static let folder: String? = {
    let beside = URL(fileURLWithPath: #filePath).pathComponents.dropLast(5).joined(separator: "/").dropFirst() + "/shared"
    for shared in [ProcessInfo.processInfo.environment["SLOSCOUT_SHARED"], String(beside)] {
      if let shared, FileManager.default.fileExists(atPath: "\(shared)/data/traces") { return "\(shared)/data/traces" }
    }
    FileHandle.standardError.write(Data("RealTelemetryTests are SKIPPED: no data/traces in SLOSCOUT_SHARED or in ../shared\n".utf8))
    return nil
  }()

  /// Feeds the lines of a gzip file, 16 a batch.
  static func feed(_ file: String, _ run: OTLPRun) throws {
    let packed = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder ?? "")/\(file)")))
    var stream = try GunzipStream()
    var content: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 20)
    var taken = 0
    while true {
      let step = try piece.withUnsafeMutableBytes { output in
        try packed.withUnsafeBytes { try stream.decompress(UnsafeRawBufferPointer(rebasing: $0[taken...]), into: output) }
      }
      taken += step.consumed
      content += piece[..<step.produced]
      if step.consumed == 0 && step.produced == 0 { break }
    }
    try stream.finish()
    var batch = RecordBatch(schema: OTLPRun.lines)
    try content.withUnsafeBufferPointer { content in
      var start = 0
      while let newline = content.baseAddress.flatMap({ memchr($0 + start, 10, content.count - start) }) {
        let end = UnsafeRawPointer(newline) - UnsafeRawPointer(content.baseAddress!)
        let row = batch.appendRow()
        batch.bytes(OTLPRun.line)[row] = batch.copy(UnsafeBufferPointer(rebasing: content[start..<end]))
        batch.raws[row] = batch.bytes(OTLPRun.line)[row]
        batch.offsets[row] = Int64(start)
        batch.splits[row] = 1
        start = end + 1
        if batch.count == 16 {
          try run.feed(batch)
          batch = RecordBatch(schema: OTLPRun.lines)
        }
      }
    }
    try run.feed(batch)
  }
}
