package import Postgres

/// Looks at records of jobs over workers: the server asks for one, workers see it among the definitions and hand records over, the server takes them.
///
/// A look is over when the server ends it, when its job is deleted, and by the database's clock a few seconds after the server was last heard of; what was
/// handed over for it goes with it.
package enum JobTaps {
  /// A record that passed an edge in some shard.
  package struct Record: Sendable, Equatable {
    /// Whose.
    package var tap: Int64
    /// Records that passed there since the one before, this one included.
    package var passed: Int
    /// One JSON object, without personal data.
    package var json: String

    package init(tap: Int64, passed: Int, json: String) { (self.tap, self.passed, self.json) = (tap, passed, json) }
  }

  /// The server says every second that it is still there.
  private static let patience = "interval '5 seconds'"

  // MARK: The server's side

  /// Asks for one.
  ///
  /// - Parameter limit: how many a job bears at once.
  /// - Returns: its id; nil when the job has as many already.
  package static func open(_ client: PostgresClient, _ job: String, _ edge: String, rate: Int, limit: Int) throws -> Int64? {
    // What nobody was there to remove.
    try sweep(client)
    return try client.query(
      """
      INSERT INTO sharded_tap (job, edge, rate, until)
      SELECT job, $2, $3::int, now() + \(patience) FROM sharded_definition
      WHERE job = $1 AND (SELECT count(*) FROM sharded_tap WHERE job = $1) < $4::int
      RETURNING id
      """, [job, edge, "\(rate)", "\(limit)"]
    ).scalar.flatMap { Int64($0) }
  }

  /// The server is still there. False when the look is over.
  package static func keep(_ client: PostgresClient, _ id: Int64) throws -> Bool {
    try client.query("UPDATE sharded_tap SET until = now() + \(patience) WHERE id = $1::bigint", ["\(id)"]).affected > 0
  }

  /// Removes what workers have handed over, and answers with it, in that order.
  package static func take(_ client: PostgresClient, _ id: Int64) throws -> [Record] {
    let rows = try client.query("DELETE FROM sharded_tap_record WHERE tap = $1::bigint RETURNING id, passed, record", ["\(id)"]).rows
    let numbered = rows.compactMap { row -> (Int64, Record)? in
      guard let number = row[0].flatMap({ Int64($0) }), let passed = row[1].flatMap({ Int($0) }), let json = row[2] else { return nil }
      return (number, Record(tap: id, passed: passed, json: json))
    }
    return numbered.sorted { $0.0 < $1.0 }.map(\.1)
  }

  /// Ends it. Nothing when it is over.
  package static func close(_ client: PostgresClient, _ id: Int64) throws {
    try client.query("DELETE FROM sharded_tap WHERE id = $1::bigint", ["\(id)"])
  }

  // MARK: The workers' side

  /// Hands records over. Those of looks that are over are forgotten.
  package static func add(_ client: PostgresClient, _ records: [Record]) throws {
    guard !records.isEmpty else { return }
    let places = records.indices.map { "($\(3 * $0 + 1)::bigint, $\(3 * $0 + 2)::bigint, $\(3 * $0 + 3)::text)" }
    try client.query(
      """
      INSERT INTO sharded_tap_record (tap, passed, record)
      SELECT r.tap, r.passed, r.record FROM (VALUES \(places.joined(separator: ", "))) AS r (tap, passed, record)
      JOIN sharded_tap t ON t.id = r.tap WHERE t.until > now()
      """, records.flatMap { ["\($0.tap)", "\($0.passed)", $0.json] })
  }

  /// Removes looks whose time is over, with what was handed over for them.
  package static func sweep(_ client: PostgresClient) throws { try client.execute("DELETE FROM sharded_tap WHERE until <= now()") }

  static let step = """
    CREATE TABLE sharded_tap (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, job text NOT NULL REFERENCES sharded_definition ON DELETE CASCADE,
      edge text NOT NULL, rate integer NOT NULL, until timestamptz NOT NULL);
    COMMENT ON TABLE sharded_tap IS 'sloscout: looks at records of jobs that run over workers';
    CREATE UNLOGGED TABLE sharded_tap_record (
      tap bigint NOT NULL REFERENCES sharded_tap ON DELETE CASCADE, id bigint GENERATED ALWAYS AS IDENTITY,
      passed bigint NOT NULL, record text NOT NULL, PRIMARY KEY (tap, id));
    COMMENT ON TABLE sharded_tap_record IS 'sloscout: records for those who look, until the server takes them'
    """
}
