internal import Connectors
internal import Dataflow
internal import Postgres

/// What workers are told about a job, in the transaction that changes it.
enum ShardOrder: Sendable {
  /// Nothing: the server runs the job itself, or nothing changes for workers.
  case none
  /// They run this document under a new version; shards of an earlier one stop first.
  case document(WantedJob.State, losesState: Bool)
  /// They run it no more: the server does.
  case withdraw
  /// They bring their shards to this.
  case state(WantedJob.State)
  /// They begin a job that none of them ever ran with a savepoint, `job/name`, cut into these shards.
  case begin(origin: String, [JobShard], travels: String)

  func write(_ job: String, _ document: String, _ client: PostgresClient) throws {
    switch self {
    case .none: break
    case .document(let state, let losesState): try JobDefinitions.put(client, job, document, state, losesState: losesState)
    case .withdraw: try JobDefinitions.remove(client, job)
    case .state(let state): try JobDefinitions.set(client, job, state)
    case .begin(let origin, let shards, let travels):
      try LeaseStore.begin(client, job, shards, travels: travels, from: origin)
      try JobDefinitions.set(client, job, .running)
    }
  }
}

extension JobStore {
  /// What there is of jobs over workers.
  func board() async throws -> ShardBoard { try await database.perform { client in try client.transaction { try ShardBoard(client) } } }

  /// The newest checkpoint that any shard of a job has; 0 when it never ran over workers.
  func shardEpoch(_ name: String) async throws -> UInt64 { try await database.perform { try JobDefinitions.newestEpoch($0, name) } }

  /// Why a job cannot go on with this between its stages; nil when it can.
  func layoutRefusal(_ name: String, travels: String) async throws -> LayoutRefused? {
    try await database.perform { try JobDefinitions.refusal($0, name, travels: travels) }
  }

  /// How a job is cut into shards; nil when it never ran over workers.
  func layout(_ name: String) async throws -> ShardLayout? { try await database.perform { try JobDefinitions.layout($0, name) } }

  /// Asks workers for a savepoint of a job. Returns its name. Throws `NoWorkers`, `LayoutRefused`, `StoreUnavailable`.
  func askForSavepoint(_ job: String, _ name: String?, by entry: @escaping @Sendable (String) -> AuditEntry) async throws -> String {
    try await database.perform { client in
      try client.transaction {
        guard try JobSavepoints.workers(client, job) > 0 else { throw NoWorkers() }
        let name = try JobSavepoints.ask(client, job, name)
        try AuditLog.append(entry(name), client)
        return name
      }
    }
  }

  /// How far a savepoint is that workers take.
  func savepointProgress(_ job: String, _ name: String) async throws -> JobSavepoints.Progress {
    try await database.perform { try JobSavepoints.progress($0, job, name) }
  }

  /// The name of a savepoint is free again.
  func forgetSavepoint(_ job: String, _ name: String) async throws {
    try await database.perform { try JobSavepoints.forget($0, job, name) }
  }

  /// Has workers tell what the steps of a job do, for the next seconds.
  func watch(_ job: String) async throws {
    try await database.perform { client in try client.transaction { try JobDefinitions.watch(client, job) } }
  }

  /// Asks for a checkpoint of all shards that run.
  func checkpoint(_ name: String) async throws { try await database.perform { try JobDefinitions.checkpoint($0, name) } }
}

/// Nobody lives who could do what workers are asked for.
struct NoWorkers: Error {}
