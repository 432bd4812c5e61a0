internal import Dataflow
internal import Foundation
internal import Postgres

/// What search reads of the capsules in PostgreSQL.
struct CapsuleTables {
  let client: PostgresClient
  let query: CapsuleQuery

  /// A template that passes the filters, and the shapes that were refined to it.
  struct Candidate {
    var fingerprint: String
    var template: String
    var shapes: [String]
  }

  private static let source = """
    capsule_shape AS c LEFT JOIN alias AS a ON a.service = c.service AND a.shape = c.shape
    """

  /// Conditions and their values, which begin at `$1`.
  private var conditions: (sql: String, values: [String?]) {
    var (parts, values): ([String], [String?]) = (["true"], [])
    func add(_ value: String?, _ condition: (String) -> String) {
      guard let value else { return }
      values.append(value)
      parts.append(condition("$\(values.count)"))
    }
    add(query.service) { "c.service = \($0)" }
    add(query.environment) { "c.environment = \($0)" }
    add(query.severity) { "c.severities ? \($0)" }
    add(query.from) { "c.window_end > \($0)::timestamptz" }
    add(query.to) { "c.window_start < \($0)::timestamptz" }
    return (parts.joined(separator: " AND "), values)
  }

  /// All templates that pass the filters, by fingerprint.
  ///
  /// - Throws: `PostgresError`; `SinkError` when there are no capsules in this database.
  func candidates() throws -> [Candidate] {
    let (sql, values) = conditions
    guard try client.query("SELECT to_regclass('capsule_shape') IS NOT NULL AND to_regclass('alias') IS NOT NULL").scalar == "t" else {
      throw SinkError(
        "there are no capsules in this database", hint: "run the job fingerprint first: sloscout run --job fingerprint", retry: .never)
    }
    let rows = try client.query(
      """
      SELECT coalesce(a.fingerprint, c.shape), coalesce(min(a.template), (array_agg(c.template ORDER BY c.count DESC, c.shape))[1]),
        to_json(array_agg(DISTINCT c.shape))
      FROM \(Self.source) WHERE \(sql) GROUP BY 1 ORDER BY 1
      """, values
    ).rows
    return rows.compactMap { row in
      guard let fingerprint = row[0] else { return nil }
      return Candidate(fingerprint: fingerprint, template: row[1] ?? "", shapes: Self.texts(row[2]))
    }
  }

  /// Where, how often and when each of the templates was seen, with samples. Throws `PostgresError`.
  func details(of fingerprints: [String]) throws -> [String: CapsuleSearchResult.Hit] {
    let (sql, values) = conditions
    let rows = try client.query(
      """
      WITH matched AS (
        SELECT coalesce(a.fingerprint, c.shape) AS fingerprint, c.service, c.environment, c.count, c.first_seen, c.last_seen,
          CASE WHEN jsonb_typeof(c.severities) = 'object' THEN c.severities ELSE '{}' END AS severities,
          CASE WHEN jsonb_typeof(c.samples) = 'array' THEN c.samples ELSE '[]' END AS samples
        FROM \(Self.source) WHERE \(sql) AND coalesce(a.fingerprint, c.shape) = ANY($\(values.count + 1)::text[]))
      SELECT m.fingerprint, to_json(array_agg(DISTINCT m.service)), to_json(array_agg(DISTINCT m.environment)), sum(m.count),
        to_char(min(m.first_seen) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        to_char(max(m.last_seen) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        (SELECT json_object_agg(t.level, t.total) FROM (
          SELECT e.key AS level, sum(e.value::bigint) AS total FROM matched AS x, jsonb_each_text(x.severities) AS e
          WHERE x.fingerprint = m.fingerprint GROUP BY 1) AS t),
        (SELECT json_agg(t.message) FROM (
          SELECT s.sample->>'message' AS message FROM matched AS x, jsonb_array_elements(x.samples) AS s(sample)
          WHERE x.fingerprint = m.fingerprint ORDER BY x.last_seen DESC, s.sample->>'id' LIMIT 3) AS t)
      FROM matched AS m GROUP BY m.fingerprint
      """, values + [SQLArray.literal(fingerprints)]
    ).rows
    var found: [String: CapsuleSearchResult.Hit] = [:]
    for row in rows {
      guard let fingerprint = row[0] else { continue }
      found[fingerprint] = CapsuleSearchResult.Hit(
        score: 0, similarity: nil, fingerprint: fingerprint, template: "", services: Self.texts(row[1]), environments: Self.texts(row[2]),
        count: row[3].flatMap { Int($0) } ?? 0, severities: Self.decoded([String: Int].self, row[6]) ?? [:], firstSeen: row[4] ?? "",
        lastSeen: row[5] ?? "", samples: Self.texts(row[7]))
    }
    return found
  }

  private static func texts(_ json: String?) -> [String] { (decoded([String?].self, json) ?? []).compactMap { $0 } }

  private static func decoded<Value: Decodable>(_ type: Value.Type, _ json: String?) -> Value? {
    json.flatMap { try? JSONDecoder().decode(type, from: Data($0.utf8)) }
  }
}
