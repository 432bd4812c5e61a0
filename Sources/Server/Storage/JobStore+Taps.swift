internal import Connectors
internal import Postgres

/// Looks at records of jobs that workers run.
extension JobStore {
  /// Asks workers for one. Returns its id; nil when the job has as many already.
  func openTap(_ job: String, _ edge: String, rate: Int, limit: Int) async throws -> Int64? {
    try await database.perform { client in
      try client.transaction { try JobTaps.open(client, job, edge, rate: rate, limit: limit) }
    }
  }

  /// Takes what workers have handed over. Nil when the look is over.
  ///
  /// - Parameter keeps: says that somebody is still there; to be said every second.
  func takeRecords(of tap: Int64, keeps: Bool) async throws -> [JobTaps.Record]? {
    try await database.perform { client in
      if keeps, try !JobTaps.keep(client, tap) { return nil }
      return try JobTaps.take(client, tap)
    }
  }

  /// Ends a look.
  func closeTap(_ tap: Int64) async throws { try await database.perform { try JobTaps.close($0, tap) } }
}
