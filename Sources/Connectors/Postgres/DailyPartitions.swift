internal import Dataflow
internal import Postgres

/// Makes the partitions of a table that is divided by day, when rows of a new day arrive.
struct DailyPartitions {
  /// More new days than that in one epoch are nonsense times, and each partition takes locks of the server: rows of the days with fewest rows are refused.
  static let limit = 366

  /// Days that have a place for their rows, as far as this connection has seen in committed transactions.
  private(set) var known: Set<Int> = []

  /// The days that have no known place. `days` with most rows first.
  func missing(_ days: [Int]) -> ArraySlice<Int> {
    days.filter { !known.contains($0) }.prefix(Self.limit)
  }

  /// To be called after the transaction that created them is committed.
  mutating func remember(_ days: ArraySlice<Int>) {
    // Far more than any table has; a job that runs for ever must not grow for ever.
    if known.count > 20_000 { known = [] }
    known.formUnion(days)
  }

  /// Creates what is missing, in the caller's transaction. Days that another partition covers are left to it.
  static func create(_ client: PostgresClient, _ plan: TablePlan, _ days: ArraySlice<Int>) throws {
    guard !days.isEmpty else { return }
    let parent = plan.table.quoted
    // One maker at a time. ATTACH takes this lock itself; CREATE … PARTITION OF would lock out readers.
    try client.execute("LOCK TABLE ONLY \(parent) IN SHARE UPDATE EXCLUSIVE MODE")
    for day in days.sorted() {
      let name = try SQLIdentifier("\(plan.table.name)_p\(PostgresTime.date(day: day).plain)")
      guard try client.query("SELECT to_regclass($1)", [name.quoted]).scalar == nil else { continue }
      let from = PostgresTime.date(day: day).dashed
      let to = PostgresTime.date(day: day + 1).dashed
      do {
        try client.execute(
          """
          SAVEPOINT sloscout_partition;
          CREATE TABLE \(name.quoted) (LIKE \(parent) INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING INDEXES INCLUDING STORAGE)\(plan.storage);
          ALTER TABLE \(parent) ATTACH PARTITION \(name.quoted) FOR VALUES FROM ('\(from) 00:00:00+00') TO ('\(to) 00:00:00+00');
          RELEASE SAVEPOINT sloscout_partition
          """)
      } catch let error as PostgresError where error.sqlState == "42P17" {
        // It would overlap a partition that the owner of the table made, monthly ones perhaps.
        try client.execute("ROLLBACK TO SAVEPOINT sloscout_partition; RELEASE SAVEPOINT sloscout_partition")
      }
    }
  }
}
