internal import Dataflow
internal import Foundation
internal import Jobs

/// A job as clients see it: what should be (`spec`), and what is (`status`).
struct JobView: Codable {
  struct Spec: Codable {
    var state: StoredJob.State
    var parallelism: Int?
    var document: String?
  }

  struct Status: Codable {
    var phase: JobPhase
    var message: String
    var records: Int
    var rate: Double
    /// RFC 3339; absent before the first.
    var watermark: String?
    /// Seconds behind the newest record.
    var lag: Double?
    var errors: Int
    var checkpoint: CheckpointView?
    /// Of a job that workers run.
    var shards: ShardsView?
  }

  var name: String
  var revision: Int
  var updatedAt: String
  var spec: Spec
  var status: Status

  /// - Parameter document: whether the document goes along.
  static func make(_ job: ManagedJob, document: Bool) async -> JobView { await job.view(document: document) }
}

extension ManagedJob {
  /// The job as it is at one moment. In one go, and from what the last look has counted: clients ask often, and the job's threads have work to do.
  fileprivate func view(document: Bool) -> JobView {
    if let shards { return view(shards, document: document) }
    let (newest, totals, point) = (latest().newest, totals(), points.last)
    let sources = graph?.sources.map(\.id) ?? []
    return JobView(
      name: stored.name, revision: stored.revision, updatedAt: stored.updatedAt,
      spec: JobView.Spec(state: stored.state, parallelism: stored.parallelism, document: document ? stored.document : nil),
      status: JobView.Status(
        phase: phase, message: message, records: RecordsRead.count(totals, sources: sources), rate: phase.isActive ? point?.rate ?? 0 : 0,
        watermark: newest?.watermark.map(RFC3339.format), lag: point?.lag, errors: totals.reduce(0) { $0 + $1.counters.errors },
        checkpoint: checkpoints.last.map(CheckpointView.init)))
  }

  private func view(_ shards: ShardedState, document: Bool) -> JobView {
    JobView(
      name: stored.name, revision: stored.revision, updatedAt: stored.updatedAt,
      spec: JobView.Spec(state: stored.state, document: document ? stored.document : nil),
      status: JobView.Status(
        phase: phase, message: message, records: shards.records, rate: phase.isActive ? points.last?.rate ?? 0 : 0, errors: shards.errors,
        shards: ShardsView(shards, list: document)))
  }
}

/// One checkpoint.
struct CheckpointView: Codable {
  var epoch: UInt64
  /// RFC 3339.
  var at: String
  /// Milliseconds from the first barrier to the published manifest.
  var duration: Double
  /// Milliseconds that one subtask stood still at most.
  var pause: Double
  /// How long each stood still, those of earlier steps first.
  var pauses: [Pause]
  /// Bytes written for it, and bytes it needs in all.
  var storedBytes: Int
  var fullBytes: Int

  /// How long one subtask stood still.
  struct Pause: Codable {
    /// The first step of its chain.
    var step: String
    var subtask: Int
    var milliseconds: Double
  }

  init(_ report: CheckpointReport) {
    epoch = report.epoch
    at = RFC3339.format(report.at)
    duration = Double(report.duration) / 1e6
    pause = Double(report.pause) / 1e6
    pauses = report.pauses.map { Pause(step: $0.step, subtask: $0.subtask, milliseconds: Double($0.nanoseconds) / 1e6) }
    (storedBytes, fullBytes) = (report.storedBytes, report.fullBytes)
  }
}
