internal import Dataflow
internal import Postgres

/// What the shipped fingerprint job has beside its table `capsule_shape`: the aliases of shapes, and the view that merges by them.
enum CapsuleSchema {
  static let table = "capsule_shape"

  /// The columns that the view reads. A table of that name without them is somebody else's.
  static let columns = [
    "service", "environment", "shape", "template", "window_start", "window_end", "count", "severities", "samples", "first_seen",
    "last_seen", "revision",
    "final",
  ]

  /// Whether the sink writes capsules as the shipped job does.
  static func belongs(to plan: TablePlan) -> Bool {
    let written = Dictionary(plan.columns.map { ($0.name.name, $0.type) }) { first, _ in first }
    return plan.table.name == table && columns.allSatisfy { written[$0] != nil } && written["severities"] == .jsonb
      && written["samples"] == .jsonb
  }

  /// Severities are `{level: count}`, samples are `[{id, message}]`. The template of most records names the capsule until the refinement has said what a
  /// fingerprint's template is; ten samples are kept, by id.
  static let steps = [
    """
    CREATE TABLE IF NOT EXISTS alias (
      service text COLLATE "C" NOT NULL, shape text COLLATE "C" NOT NULL, fingerprint text COLLATE "C" NOT NULL, PRIMARY KEY (service, shape));
    COMMENT ON TABLE alias IS 'sloscout: which fingerprint a shape was refined to';
    \(view(template: mostRecords));
    COMMENT ON VIEW capsule IS 'sloscout: capsules, shapes of one fingerprint merged'
    """,
    """
    ALTER TABLE alias ADD COLUMN IF NOT EXISTS template text, ADD COLUMN IF NOT EXISTS revision bigint;
    \(view(template: "coalesce(min(a.template), \(mostRecords))"))
    """,
  ]

  private static let mostRecords = "(array_agg(s.template ORDER BY s.count DESC, s.shape))[1]"

  /// The view `capsule`; both steps make it, with another template.
  private static func view(template: String) -> String {
    """
    CREATE OR REPLACE VIEW capsule AS
    SELECT m.service, m.environment, m.fingerprint, m.template, m.window_start, m.window_end, m.count,
      (SELECT jsonb_object_agg(t.level, t.total) FROM (
        SELECT e.key AS level, sum(e.value::bigint) AS total
        FROM jsonb_array_elements(m.severities) AS one, jsonb_each_text(one) AS e GROUP BY e.key) AS t) AS severities,
      (SELECT jsonb_agg(t.sample ORDER BY t.sample->>'id') FROM (
        SELECT each.sample FROM jsonb_array_elements(m.samples) AS one, jsonb_array_elements(one) AS each(sample)
        ORDER BY each.sample->>'id' LIMIT 10) AS t) AS samples,
      m.first_seen, m.last_seen, m.revision, m.final
    FROM (
      SELECT s.service, s.environment, coalesce(a.fingerprint, s.shape) AS fingerprint, s.window_start,
        \(template) AS template, max(s.window_end) AS window_end, sum(s.count)::bigint AS count,
        jsonb_agg(s.severities ORDER BY s.shape) FILTER (WHERE jsonb_typeof(s.severities) = 'object') AS severities,
        jsonb_agg(s.samples ORDER BY s.shape) FILTER (WHERE jsonb_typeof(s.samples) = 'array') AS samples,
        min(s.first_seen) AS first_seen, max(s.last_seen) AS last_seen, max(s.revision) AS revision, bool_and(s.final) AS final
      FROM capsule_shape AS s LEFT JOIN alias AS a ON a.service = s.service AND a.shape = s.shape
      GROUP BY s.service, s.environment, coalesce(a.fingerprint, s.shape), s.window_start) AS m
    """
  }
}
