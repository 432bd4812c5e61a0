internal import Connectors
internal import Dataflow

/// Asks the workers of a job for another cut of it, and waits until it is there.
public struct JobCuts: Sendable {
  private let database: String
  private let wait: Duration
  private let note: @Sendable (String) -> Void
  private static let pause = Duration.milliseconds(200)
  /// Often enough that nobody takes it for dead, and a minute fits on a screen.
  private static let pauseBetweenNotes = Duration.seconds(5)

  /// Connects to nothing yet.
  ///
  /// - Parameters:
  ///   - wait: after which a call gives up waiting.
  ///   - note: takes what is waited for, at once and every few seconds.
  public init(database: String, wait: Duration, note: @escaping @Sendable (String) -> Void) {
    (self.database, self.wait, self.note) = (database, wait, note)
  }

  /// Gives a job other numbers of shards, and waits until the next version runs.
  ///
  /// - Parameters:
  ///   - readers: nil for those that it has.
  ///   - partitions: nil for those that it has.
  /// - Returns: what has become of it, for people.
  /// - Throws: an error with a cure when the job is unknown, a worker is too old, or the database cannot be asked; `CutAwaited` when it is not there in time.
  public func rescale(_ job: String, readers: Int?, partitions: Int?) async throws -> String {
    let leases = LeaseStore(url: database, worker: "rescale", process: 0)
    defer { leases.close() }
    let before = try leases.rescale(job) {
      ShardLayout(version: $0.version, readers: readers ?? $0.readers, partitions: partitions ?? $0.partitions)
    }
    guard before != nil else { return "\(job) has these numbers already" }
    return try await settled(job, leases)
  }

  /// Takes a savepoint of a whole job, and waits until it is there and the job goes on.
  ///
  /// - Returns: what it was made of, for people.
  /// - Throws: the same, and when there is a savepoint of that name.
  public func savepoint(_ job: String, _ name: String) async throws -> String {
    let leases = LeaseStore(url: database, worker: "savepoint", process: 0)
    defer { leases.close() }
    try leases.savepoint(job, name)
    let line = try await settled(job, leases)
    guard let shards = try leases.savepointShards(job, name) else {
      throw CutFailed(
        description: """
          no savepoint was taken: where \(job) keeps its checkpoints there is one named "\(name)", of an earlier life or of one process
            hint: choose another name
          """)
    }
    return "savepoint \(name): \(shards.joined(separator: " "))\n\(line)"
  }

  private func settled(_ job: String, _ leases: LeaseStore) async throws -> String {
    let deadline = ContinuousClock.now + wait
    var nextNote = ContinuousClock.now
    while true {
      let cut = try leases.cuts().first { $0.job == job }
      if let trouble = cut?.trouble { throw CutFailed(description: "the next version of \(job) cannot be made yet: \(trouble)") }
      if let cut, !cut.isDraining { return Self.line(cut) }
      let now = ContinuousClock.now
      if now >= min(nextNote, deadline) {
        let waiting = Self.reason(job, try leases.awaited(job))
        guard now < deadline else { throw CutAwaited(job: job, waiting: waiting, wait: wait) }
        note(waiting)
        nextNote = now + Self.pauseBetweenNotes
      }
      try await Task.sleep(for: Self.pause)
    }
  }

  /// What a job that is drained waits for, on one line.
  static func reason(_ job: String, _ awaited: LeaseStore.Awaited) -> String {
    if awaited.isIdle { return "\(job) is stopped: its shards are drained when it is started again" }
    if awaited.workers == 0 { return "no worker lives that takes shards of \(job): start one with sloscout worker" }
    let open = awaited.leases.filter { !$0.isFinished }
    if open.isEmpty { return "every shard of \(job) is drained: a worker divides the state" }
    let free = open.filter { $0.owner == nil || $0.isExpired }
    let nobody = free.isEmpty ? "" : "; nobody has \(free.prefix(5).map(\.shard.name).joined(separator: ", "))\(free.count > 5 ? "…" : "")"
    return "\(awaited.leases.count - open.count) of \(awaited.leases.count) shards of \(job) are at their last checkpoint\(nobody)"
  }

  /// How a job is cut, on one line.
  static func line(_ cut: JobCut) -> String {
    let sizes = "\(cut.layout.readers) readers, \(cut.layout.partitions) partitions"
    guard let target = cut.target else { return "\(cut.job): version \(cut.layout.version), running: \(sizes)" }
    let savepoint = cut.savepoint.map { ", with savepoint \($0)" } ?? ""
    let next = "\(target.readers) readers, \(target.partitions) partitions"
    let trouble = cut.trouble.map { "\n  \($0)" } ?? ""
    return cut.layout.version == 0
      ? "\(cut.job): begins with savepoint \(cut.origin ?? ""): \(next)\(trouble)"
      : "\(cut.job): version \(cut.layout.version), draining for version \(target.version)\(savepoint): \(sizes) → \(next)\(trouble)"
  }
}

/// Another cut is wanted, and something is in its way. Workers go on trying.
struct CutFailed: Error, CustomStringConvertible {
  let description: String
}

/// Another cut is asked for, and not there in the time that somebody wanted to wait.
public struct CutAwaited: Error, CustomStringConvertible {
  let job: String
  let waiting: String
  let wait: Duration

  /// The message, and the hint on a line of its own.
  public var description: String {
    """
    \(job) has no next version after \(wait.components.seconds) s: \(waiting)
      hint: the request stands, and workers carry it out as soon as they can; sloscout worker status says how far it is
    """
  }
}
