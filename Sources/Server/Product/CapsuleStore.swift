internal import Postgres
internal import SLO

/// Reads capsules: what the fingerprint job wrote into the same database. Only reads; without such a job there are none.
struct CapsuleStore: Sendable {
  let database: ServerDatabase

  /// Which are wanted; nil takes all.
  struct Filter: Sendable {
    /// Part of the template, whatever its case.
    var text: String?
    var service: String?
    var environment: String?
    /// Only with records of this severity.
    var severity: String?
    /// Only windows that begin within so many hours before the newest.
    var hours: Int?
  }

  /// All windows of one template in one service and environment.
  struct Capsule: Sendable {
    var fingerprint: String
    var service: String
    var environment: String
    var template: String
    var count: Int
    /// By severity.
    var severities: [(name: String, count: Int)]
    /// RFC 3339.
    var firstSeen: String?
    var lastSeen: String?
    /// The windows, oldest first, at most 48.
    var windows: [(start: String, count: Int)]
    /// Up to ten messages.
    var samples: [(id: String, message: String, trace: String?)] = []
  }

  private static let windowLimit = 48

  private static let condition = """
    ($1::text IS NULL OR template ILIKE $1 ESCAPE '!') AND ($2::text IS NULL OR service = $2) AND ($3::text IS NULL OR environment = $3)
    AND ($4::text IS NULL OR severities ? $4)
    AND ($5::int IS NULL OR window_start > (SELECT max(window_start) FROM capsule_shape) - make_interval(hours => $5::int))
    AND ($6::text IS NULL OR fingerprint = $6)
    """

  /// The most frequent first, and how many there are in all.
  func search(_ filter: Filter, fingerprint: String? = nil, _ page: Page) async throws -> (capsules: [Capsule], total: Int) {
    let pattern = filter.text.map { "%" + $0.replacing("!", with: "!!").replacing("%", with: "!%").replacing("_", with: "!_") + "%" }
    let values = [pattern, filter.service, filter.environment, filter.severity, filter.hours.map { String($0) }, fingerprint]
    return try await database.perform { client in
      guard try client.query("SELECT to_regclass('capsule')").scalar != nil else { return ([], 0) }
      let groups = "FROM capsule WHERE \(Self.condition) GROUP BY service, environment, fingerprint"
      let total = try client.query("SELECT count(*) FROM (SELECT 1 \(groups)) AS g", values).scalar.flatMap { Int($0) } ?? 0
      let rows = try client.query(
        """
        SELECT fingerprint, service, environment, (array_agg(template ORDER BY window_start DESC))[1], sum(count)::bigint,
          \(Self.time("min(first_seen)")), \(Self.time("max(last_seen)")),
          (jsonb_agg(jsonb_build_array(\(Self.time("window_start")), count) ORDER BY window_start))::text,
          (jsonb_agg(severities))::text, ((array_agg(samples ORDER BY window_start DESC))[1])::text
        \(groups) ORDER BY sum(count) DESC, fingerprint, service, environment LIMIT $7::int OFFSET $8::int
        """, values + [String(page.limit), String(page.offset)]
      ).rows
      return (rows.compactMap(Self.capsule), total)
    }
  }

  private static func time(_ value: String) -> String { "to_char(\(value) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')" }

  private static func capsule(_ row: [String?]) -> Capsule? {
    guard row.count == 10, let fingerprint = row[0], let service = row[1] else { return nil }
    func json(_ index: Int) -> StructuredValue { row[index].flatMap { try? JSONReader.read(Array($0.utf8)) } ?? .null }
    let windows = json(7).elements.map { (start: $0.elements.first?.string ?? "", count: Int($0.elements.last?.double ?? 0)) }
    var severities: [String: Int] = [:]
    for one in json(8).elements { for member in one.members { severities[member.key, default: 0] += Int(member.value.double ?? 0) } }
    return Capsule(
      fingerprint: fingerprint, service: service, environment: row[2] ?? "", template: row[3] ?? "", count: row[4].flatMap { Int($0) } ?? 0,
      severities: severities.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, firstSeen: row[5], lastSeen: row[6],
      windows: Array(windows.suffix(windowLimit)),
      samples: json(9).elements.map { sample in
        (sample["id"]?.string ?? "", sample["message"]?.string ?? "", sample["trace_id"]?.string)
      })
  }
}
