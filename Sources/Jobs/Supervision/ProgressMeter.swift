public import Dataflow

/// Turns two looks at a running job into what a person wants to know: how fast, how far, what is slow.
public struct ProgressMeter: Sendable {
  private let job: String
  private let sources: [String]
  private var lastRead = 0
  private var lastTime: Int64 = 0
  private var checkpoints = 0
  private var lastCheckpoint: CheckpointReport?
  private var staged = 0

  /// - Parameter graph: the job; what its sources give is what counts as read.
  public init(_ graph: JobGraph) {
    job = graph.name
    sources = graph.sources.map(\.id)
  }

  /// A checkpoint is complete.
  public mutating func note(_ report: CheckpointReport) {
    checkpoints += 1
    lastCheckpoint = report
  }

  /// One line: records, rate, lag, watermark, checkpoints, the busiest operator.
  ///
  /// - Parameters:
  ///   - now: wall-clock nanoseconds, for the lag.
  ///   - monotonic: nanoseconds, for the rate.
  public mutating func line(_ status: [SubtaskStatus], now: Int64, monotonic: Int64) -> String {
    let read = status.reduce(0) { sum, subtask in sum + RecordsRead.count(subtask.counters, sources: sources) }
    let seconds = Double(monotonic - lastTime) / 1e9
    let rate = lastTime == 0 || seconds <= 0 ? 0 : Double(read - lastRead) / seconds
    (lastRead, lastTime) = (read, monotonic)
    var parts = ["\(job): \(Self.short(Double(read))) records", "\(Self.short(rate))/s"]
    let watermarks = status.filter(\.isSource).map(\.watermark).filter { $0 != .min }
    if let watermark = watermarks.min() {
      let times = status.flatMap(\.splits).map(\.maxTime).filter { $0 != .min }
      let newest = times.max() ?? watermark
      parts.append(
        "watermark \(RFC3339.format(watermark / 1_000_000_000 * 1_000_000_000)) (\(Self.duration(newest - watermark)) behind the newest record)"
      )
    }
    if let report = lastCheckpoint {
      parts.append(
        "checkpoint \(report.epoch): \(Self.milliseconds(report.duration)) ms, \(Self.short(Double(report.storedBytes)))B, pause \(Self.milliseconds(report.pause)) ms"
      )
    }
    if let busiest = Self.busiest(status) { parts.append("busiest \(busiest)") }
    return parts.joined(separator: "  ")
  }

  private static func busiest(_ status: [SubtaskStatus]) -> String? {
    let shares = status.compactMap { subtask -> (String, Double)? in
      guard subtask.elapsedNanoseconds > 0, let last = subtask.counters.first?.id else { return nil }
      return (last, Double(subtask.busyNanoseconds) / Double(subtask.elapsedNanoseconds))
    }
    return shares.max { $0.1 < $1.1 }.map { "\($0.0) \(Int($0.1 * 100)) %" }
  }

  /// `1.23 M`, `450 k`, `12`.
  public static func short(_ value: Double) -> String {
    switch value {
    case 1e9...: "\(rounded(value / 1e9)) G"
    case 1e6...: "\(rounded(value / 1e6)) M"
    case 1e4...: "\(rounded(value / 1e3)) k"
    default: "\(Int(value))"
    }
  }

  private static func rounded(_ value: Double) -> String {
    let tenths = Int((value * 100).rounded())
    return "\(tenths / 100).\(tenths % 100 < 10 ? "0" : "")\(tenths % 100)"
  }

  private static func milliseconds(_ nanoseconds: Int64) -> String { rounded(Double(nanoseconds) / 1e6) }

  /// `3 h 20 m`, `10 m`, `4 s`.
  static func duration(_ nanoseconds: Int64) -> String {
    let seconds = nanoseconds / 1_000_000_000
    if seconds >= 3600 { return "\(seconds / 3600) h \(seconds / 60 % 60) m" }
    return seconds >= 60 ? "\(seconds / 60) m" : "\(seconds) s"
  }
}
