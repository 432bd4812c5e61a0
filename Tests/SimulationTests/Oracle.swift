import Dataflow
import DataflowTesting

/// What a scenario's job must have written, by the most naive way there is.
struct Oracle {
  let scenario: Scenario

  /// `window start|key` to the columns after revision, final and end.
  func windows(without left: Set<String>) -> [String: [String]] {
    var groups: [String: [ListSource.Record]] = [:]
    for record in scenario.records where record.time != 0 && !left.contains(record.values[1] ?? "") {
      var start = record.time.flooredQuotient(scenario.slide) * scenario.slide
      while start + scenario.size > record.time {
        groups["\(start)|\(record.values[0] ?? "null")", default: []].append(record)
        start -= scenario.slide
      }
    }
    return groups.mapValues(Self.summary)
  }

  /// The ids of the records that are late when one subtask reads one list: a walk over the batches.
  func certainlyLate() -> Set<String> {
    var late: Set<String> = []
    var largest = Int64.min
    var watermark = Int64.min
    for batch in batches() {
      for record in batch where record.time != 0 {
        let lastStart = record.time.flooredQuotient(scenario.slide) * scenario.slide
        if watermark != .min, lastStart + scenario.size - 1 + scenario.allowedLateness <= watermark { late.insert(record.values[1] ?? "") }
        largest = max(largest, record.time)
      }
      if largest != .min { watermark = max(watermark, largest - scenario.maxOutOfOrder - 1) }
    }
    return late
  }

  private func batches() -> [[ListSource.Record]] {
    var result: [[ListSource.Record]] = []
    for record in scenario.records {
      if result.isEmpty || record.pause > 0 || result[result.count - 1].count == scenario.batchSize {
        result.append([record])
      } else {
        result[result.count - 1].append(record)
      }
    }
    return result
  }

  private static func summary(_ records: [ListSource.Record]) -> [String] {
    let ids = records.map { ($0.time, $0.values[1] ?? "") }
    let first = ids.min { ($0.0, signedHash($0.1)) < ($1.0, signedHash($1.1)) }?.1 ?? ""
    let severities = Dictionary(grouping: records) { $0.values[2] ?? "null" }.mapValues(\.count)
    let distribution = severities.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
    let samples = ids.map(\.1).sorted { sampleHash($0) < sampleHash($1) }.prefix(2).map { "{\"id\":\"\($0)\"}" }.joined(separator: ",")
    let top = severities.filter { $0.key != "null" }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(2)
      .map { "{\"value\":\"\($0.key)\",\"count\":\($0.value)}" }.joined(separator: ",")
    let times = records.map(\.time)
    return ["\(records.count)", "\(times.min() ?? 0)", "\(times.max() ?? 0)", first, "{\(distribution)}", "[\(samples)]", "[\(top)]"]
  }

  private static func hash(_ text: String, seed: UInt64) -> UInt64 {
    var hasher = KeyHasher(seed: seed)
    var text = text
    text.withUTF8 { hasher.combine($0.baseAddress, $0.count) }
    return hasher.finish().high
  }

  private static func signedHash(_ text: String) -> Int64 { Int64(bitPattern: hash(text, seed: 0)) }
  private static func sampleHash(_ text: String) -> UInt64 { hash(text, seed: 42) }
}
