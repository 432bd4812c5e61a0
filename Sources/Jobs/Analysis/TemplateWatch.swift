internal import Dataflow
internal import Operators
package import SLO

/// Counts log records by service and template and minute, and says which templates are new at the end of the time, or come at another rate.
///
/// The newest sixth of the time is compared with all before. A template is new when it came at least three times and never before; its rate has changed when it came at
/// least three times as often as before and at least ten times, five standard deviations of a Poisson process above what was to be expected.
package final class TemplateWatch {
  private struct Tally {
    var service: String
    var template: String
    var sample: String
    var errors = 0
    /// Records by minute since 1970.
    var minutes: [Int64: Int] = [:]
  }

  private struct Key: Hashable {
    var service: Int32
    var high: UInt64
    var low: UInt64
  }

  /// Kinds of messages beyond which new ones are not looked at.
  private static let mostTemplates = 50_000
  private static let longestSample = 300
  private static let minute: Int64 = 60_000_000_000

  private let scanner = TextScanner()
  private var services = NameTable()
  private var tallies: [Key: Tally] = [:]

  /// Nothing was counted yet.
  package init() {}

  /// Counts one record. The texts are borrowed.
  package func add(service: UnsafeBufferPointer<UInt8>, message: UnsafeBufferPointer<UInt8>, time: Int64, isError: Bool) {
    // What resists redaction is no evidence: it is not shown.
    guard !message.isEmpty, scanner.scan(message) else { return }
    let number = services.intern(service)
    let key = Key(service: number, high: scanner.shape.high, low: scanner.shape.low)
    if tallies[key] == nil {
      guard tallies.count < Self.mostTemplates else { return }
      tallies[key] = Tally(
        service: services.string(number), template: String(decoding: scanner.template(), as: UTF8.self), sample: redacted())
    }
    tallies[key]?.minutes[time / Self.minute, default: 0] += 1
    if isError { tallies[key]?.errors += 1 }
  }

  private func redacted() -> String {
    let bytes = [UInt8](unsafeUninitializedCapacity: scanner.redactedCount) { buffer, count in
      if let base = buffer.baseAddress { scanner.writeRedacted(to: base) }
      count = scanner.redactedCount
    }
    return String(decoding: bytes.prefix(Self.longestSample), as: UTF8.self) + (bytes.count > Self.longestSample ? "…" : "")
  }

  /// All templates that were counted, by service and fingerprint.
  var all: [SimilarTemplate] {
    tallies.map { key, tally in
      SimilarTemplate(
        service: tally.service, fingerprint: StableHash.hex(key.high) + StableHash.hex(key.low), template: tally.template,
        count: tally.minutes.values.reduce(0, +), errors: tally.errors, sample: tally.sample)
    }.sorted { ($0.service, $0.fingerprint) < ($1.service, $1.fingerprint) }
  }

  /// What has changed at the end of a stretch of time, nanoseconds since 1970: errors first, then what changed most. At most 20.
  package func changes(in window: ClosedRange<Int64>) -> [TemplateChange] {
    let border = window.upperBound - (window.upperBound - window.lowerBound) / 6
    let (first, last, edge) = (window.lowerBound / Self.minute, window.upperBound / Self.minute, border / Self.minute)
    guard edge > first, last >= edge else { return [] }
    let share = Double(last - edge + 1) / Double(edge - first)
    var found: [(change: TemplateChange, score: Double)] = []
    for (key, tally) in tallies {
      var (now, before) = (0, 0)
      for (minute, count) in tally.minutes where (first...last).contains(minute) {
        if minute >= edge { now += count } else { before += count }
      }
      let expected = Double(before) * share
      let isNew = before == 0 && now >= 3
      let isMore = now >= 10 && Double(now) >= 3 * expected && Double(now) - expected >= 5 * max(1, expected).squareRoot()
      guard isNew || isMore else { continue }
      let change = TemplateChange(
        service: tally.service, fingerprint: StableHash.hex(key.high) + StableHash.hex(key.low), template: tally.template,
        severity: tally.errors > 0 ? "ERROR" : "", count: now, countBefore: before, sample: tally.sample)
      found.append((change, (Double(now) - expected) / max(1, expected).squareRoot()))
    }
    found.sort { a, b in
      if a.change.severity != b.change.severity { return a.change.severity > b.change.severity }
      return a.score == b.score ? (a.change.service, a.change.fingerprint) < (b.change.service, b.change.fingerprint) : a.score > b.score
    }
    return found.prefix(20).map(\.change)
  }
}
