internal import Connectors
internal import Dispatch
internal import Postgres
internal import Synchronization

/// The database is away, or said no: nothing was changed.
package struct StoreUnavailable: Error, CustomStringConvertible {
  package let description: String
}

/// The server's tables in Postgres. One connection, used from one queue; it is made again when it breaks.
package final class ServerDatabase: Sendable {
  private let queue = DispatchQueue(label: "sloscout.server.database")
  private let client = Mutex<PostgresClient?>(nil)
  private let options: PostgresOptions

  /// Connects at the first use.
  ///
  /// - Parameter url: `postgresql://user@host/database`.
  package init(url: String) {
    options = PostgresOptions(url: url, connectTimeout: 3_000_000_000, statementTimeout: 30_000_000_000)
  }

  /// Brings the tables to the newest version. Throws `StoreUnavailable`.
  package func migrate() async throws {
    try await perform { client in
      try client.transaction {
        try JobDefinitions.migrate(client)
        // One server at a time: two that start together must not both create the tables.
        try client.execute("SELECT pg_advisory_xact_lock(7203001)")
        try Migrations.migrate(client, "server", ServerSchema.steps)
      }
    }
  }

  /// Runs a body with the connection. Throws `StoreUnavailable` when the database cannot be reached or refuses.
  func perform<Value: Sendable>(_ body: @escaping @Sendable (PostgresClient) throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Result { try self.run(body) }) }
    }
  }

  private func run<Value: Sendable>(_ body: (PostgresClient) throws -> Value) throws -> Value {
    try client.withLock { client in
      do {
        if let open = client, open.isOpen { return try body(open) }
        client?.close()
        let opened = try PostgresClient(options)
        client = opened
        return try body(opened)
      } catch let error as PostgresError {
        if error.fault == .connection {
          client?.close()
          client = nil
        }
        throw StoreUnavailable(description: "\(error)")
      }
    }
  }
}
