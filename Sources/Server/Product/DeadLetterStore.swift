internal import Foundation
internal import Jobs
internal import Postgres

/// Reads dead letters: what jobs like the shipped ones wrote into the table `dead_letter` of the same database. Only reads; without such a job there are none.
struct DeadLetterStore: Sendable {
  let database: ServerDatabase

  /// All that a step refused for one reason.
  struct Group: Sendable {
    var step: String
    var reason: String
    var count: Int
  }

  /// One record, as people may see it.
  struct Letter: Sendable {
    var step: String
    var reason: String
    var detail: String
    /// Where it came from, and its place there.
    var source: String
    var offset: Int?
    var record: String
  }

  /// So many are counted: a table without an index is read for it.
  static let countLimit = 1_000_000

  private static let shape = """
    SELECT count(*) FROM information_schema.columns WHERE table_schema = ANY (current_schemas(false)) AND table_name = 'dead_letter'
    AND (column_name, data_type) IN
      (('operator', 'text'), ('reason', 'text'), ('detail', 'text'), ('source', 'text'), ('offset', 'bigint'), ('raw', 'bytea'))
    """

  /// The groups, the largest first; and the letters of a step and a reason (nil takes all), the newest of each input first.
  func read(step: String?, reason: String?, _ page: Page) async throws -> (groups: [Group], letters: [Letter]) {
    try await database.perform { client in
      guard try client.query(Self.shape).scalar == "6" else { return ([], []) }
      let groups = try client.query(
        """
        SELECT operator, reason, count(*) FROM (SELECT operator, reason FROM dead_letter LIMIT \(Self.countLimit)) AS counted
        GROUP BY operator, reason ORDER BY count(*) DESC, operator, reason LIMIT 200
        """
      ).rows
      let letters = try client.query(
        """
        SELECT operator, reason, detail, source, "offset", encode(substring(raw FROM 1 FOR 20000), 'base64') FROM dead_letter
        WHERE ($1::text IS NULL OR operator = $1) AND ($2::text IS NULL OR reason = $2)
        ORDER BY "offset" DESC, source, operator LIMIT $3::int OFFSET $4::int
        """, [step, reason, String(page.limit), String(page.offset)]
      ).rows
      // They were redacted before they were stored, if the job does as the shipped one. Who looks here need not rely on it.
      let texts = try ShownText()
      return (
        groups.map { Group(step: $0[0] ?? "", reason: $0[1] ?? "", count: $0[2].flatMap { Int($0) } ?? 0) },
        letters.map { Self.letter($0, texts) }
      )
    }
  }

  private static func letter(_ row: [String?], _ texts: ShownText) -> Letter {
    let raw = Data(base64Encoded: row[5] ?? "", options: .ignoreUnknownCharacters) ?? Data()
    let (record, detail) = (Array(raw), Array((row[2] ?? "").utf8))
    return Letter(
      step: row[0] ?? "", reason: row[1] ?? "", detail: detail.withUnsafeBufferPointer(texts.shown), source: row[3] ?? "",
      offset: row[4].flatMap { Int($0) }, record: record.withUnsafeBufferPointer(texts.shown))
  }
}
