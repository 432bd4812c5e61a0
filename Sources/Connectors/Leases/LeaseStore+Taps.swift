internal import Postgres

/// A worker's side of looks at records.
extension LeaseStore {
  /// Hands records over to whoever looks.
  package func hand(_ records: [JobTaps.Record]) throws { try perform { try JobTaps.add($0, records) } }

  /// Removes looks whose server is no longer there.
  package func sweepTaps() throws { try perform { try JobTaps.sweep($0) } }
}
