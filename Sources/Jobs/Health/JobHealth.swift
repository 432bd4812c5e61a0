package import Dataflow

/// Whether a job does its work, as its events tell. A value; the times are nanoseconds since 1970.
package struct JobHealth: Sendable {
  /// The job's name.
  package let job: String
  /// Between checkpoints this much may pass.
  private let patience: Int64
  private let started: Int64
  private var trouble: String?
  private var hasEnded = false
  /// Checkpoints whose rows wait for sinks, and since when.
  private var staged: [UInt64: Int64] = [:]

  /// Complete checkpoints of this process.
  package private(set) var checkpoints = 0
  package private(set) var lastCheckpoint: CheckpointReport?
  package private(set) var restarts = 0
  package private(set) var warnings = 0
  /// What each sink has: its newest epoch, and the rows that it took and refused in this process.
  package private(set) var sinks: [String: (epoch: UInt64, rows: Int, refused: Int)] = [:]

  /// - Parameters:
  ///   - interval: nanoseconds between checkpoints, as the job wants it.
  ///   - now: when the job was started.
  package init(job: String, interval: Int64, now: Int64) {
    self.job = job
    patience = max(60_000_000_000, interval.multipliedReportingOverflow(by: 5).partialValue)
    started = now
  }

  /// Something happened.
  package mutating func note(_ event: JobEvent, now: Int64) {
    switch event {
    case .phase(let phase, let epoch):
      trouble = nil
      if phase == .staged { staged[epoch] = now }
      if phase == .applied { staged = staged.filter { $0.key > epoch } }
    case .checkpoint(let report):
      checkpoints += 1
      lastCheckpoint = report
    case .applied(let sink, let epoch, let rows, let refused):
      let before = sinks[sink] ?? (0, 0, 0)
      sinks[sink] = (epoch, before.rows + rows, before.refused + refused)
    case .restored: trouble = nil
    case .restarting(_, _, let cause):
      restarts += 1
      trouble = "it failed and is started again: \(cause)"
      staged = [:]
    case .warning: warnings += 1
    }
  }

  /// The job ended; with an error, it failed.
  package mutating func end(_ error: String?) {
    hasEnded = true
    if let error { trouble = "it failed: \(error)" }
  }

  /// Why the job does not do its work; empty when it does.
  package func reasons(now: Int64) -> [String] {
    if let trouble { return [trouble] }
    if hasEnded { return [] }
    var reasons: [String] = []
    let age = now - (lastCheckpoint?.at ?? started)
    if age > patience { reasons.append("no checkpoint for \(age / 1_000_000_000) s") }
    if let since = staged.values.min(), now - since > patience {
      reasons.append("rows have waited \((now - since) / 1_000_000_000) s for a sink")
    }
    return reasons
  }
}
