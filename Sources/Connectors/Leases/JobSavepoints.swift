internal import Dataflow
package import Postgres

/// Savepoints of whole jobs over workers: what is asked of the workers, and what has come of it. All calls are parts of the caller's transaction.
package enum JobSavepoints {
  /// How far a savepoint is that somebody asked for.
  package enum Progress: Sendable, Equatable {
    /// It is there, and the job goes on.
    case taken
    /// Workers are at it, or will be when they live; and what was in their way the last time.
    case awaited(trouble: String?)
    /// It was never asked for, or could not be made.
    case none

    package var isAwaited: Bool { if case .awaited = self { true } else { false } }
  }

  /// Asks for one. Whoever asks once more for the one that is being taken waits for the same.
  ///
  /// - Parameter name: nil for that which is being taken, or one after the cut's number.
  /// - Returns: its name.
  /// - Throws: `LayoutRefused`.
  package static func ask(_ client: PostgresClient, _ job: String, _ name: String?) throws -> String {
    guard let cut = try LeaseStore.known(client, job), cut.layout.version > 0 else { throw LayoutRefused(job: job, .unknown) }
    if let taking = cut.savepoint, taking == name ?? taking { return taking }
    let name = name ?? "epoch-\(cut.layout.version)"
    guard try cut.savepoint == nil && !isTaken(client, job, name) else { throw LayoutRefused(job: job, .savepoint(name)) }
    try client.query("UPDATE sharded_job SET savepoint = $2 WHERE job = $1", [job, name])
    if !cut.isDraining { try LeaseStore.drain(client, cut, for: cut.counts) }
    return name
  }

  /// How far it is.
  package static func progress(_ client: PostgresClient, _ job: String, _ name: String) throws -> Progress {
    if try isTaken(client, job, name) { return .taken }
    let row = try client.query("SELECT trouble FROM sharded_job WHERE job = $1 AND savepoint = $2", [job, name]).rows.first
    return row.map { .awaited(trouble: $0[0]) } ?? .none
  }

  /// The name is free again.
  package static func forget(_ client: PostgresClient, _ job: String, _ name: String) throws {
    try client.query("DELETE FROM sharded_savepoint WHERE job = $1 AND name = $2", [job, name])
  }

  /// How many workers live that take shards of a job.
  package static func workers(_ client: PostgresClient, _ job: String) throws -> Int {
    try client.query("SELECT count(*) FROM worker WHERE $1 = ANY(jobs) AND expires_at > now()", [job]).scalar.flatMap { Int($0) } ?? 0
  }

  private static func isTaken(_ client: PostgresClient, _ job: String, _ name: String) throws -> Bool {
    try client.query("SELECT 1 FROM sharded_savepoint WHERE job = $1 AND name = $2", [job, name]).scalar != nil
  }
}
