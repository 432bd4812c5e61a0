/// The server's tables, step by step. A step, once released, never changes: a change is a further step.
enum ServerSchema {
  static let steps = [
    """
    CREATE TABLE sloscout_job (
      name text PRIMARY KEY, document text NOT NULL, state text NOT NULL CHECK (state IN ('running', 'suspended')),
      revision bigint NOT NULL, parallelism integer, created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now());
    COMMENT ON TABLE sloscout_job IS 'sloscout: the jobs that the server runs, as they were submitted';
    CREATE TABLE sloscout_job_event (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, job text NOT NULL, at timestamptz NOT NULL DEFAULT now(),
      kind text NOT NULL, message text NOT NULL);
    CREATE INDEX sloscout_job_event_job ON sloscout_job_event (job, id DESC);
    COMMENT ON TABLE sloscout_job_event IS 'sloscout: starts, failures and ends of jobs';
    CREATE TABLE sloscout_token (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE, hash text NOT NULL UNIQUE,
      role text NOT NULL CHECK (role IN ('read', 'operate', 'admin')), created_at timestamptz NOT NULL DEFAULT now());
    COMMENT ON TABLE sloscout_token IS 'sloscout: who may call the server; of a token only its hash is kept';
    CREATE TABLE sloscout_audit (
      seq bigint PRIMARY KEY, at text NOT NULL, actor text NOT NULL, action text NOT NULL, target text NOT NULL, detail text NOT NULL,
      hash text NOT NULL);
    COMMENT ON TABLE sloscout_audit IS 'sloscout: who changed what; each row''s hash covers the row before';
    CREATE FUNCTION sloscout_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'the audit log is only appended to'; END $$;
    CREATE TRIGGER sloscout_audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sloscout_audit
      EXECUTE FUNCTION sloscout_audit_is_append_only();
    CREATE TABLE sloscout_analysis (
      id text PRIMARY KEY, request jsonb NOT NULL,
      status text NOT NULL CHECK (status IN ('pending', 'running', 'completed', 'failed', 'cancelled')), stage text,
      idempotency_key text UNIQUE, created_at timestamptz NOT NULL DEFAULT now(), started_at timestamptz, completed_at timestamptz,
      journeys integer, slis integer, slos integer, artifacts integer, result jsonb, error_code text, error_message text);
    COMMENT ON TABLE sloscout_analysis IS 'sloscout: analyses, and what came of them';
    CREATE TABLE sloscout_artifact (
      analysis text NOT NULL REFERENCES sloscout_analysis ON DELETE CASCADE, path text NOT NULL, content text NOT NULL,
      PRIMARY KEY (analysis, path));
    COMMENT ON TABLE sloscout_artifact IS 'sloscout: files that analyses wrote'
    """,
    """
    CREATE TABLE sloscout_journey (
      id text PRIMARY KEY, analysis text NOT NULL, name text NOT NULL, slug text NOT NULL, service text NOT NULL, environment text NOT NULL,
      services text[] NOT NULL, requests double precision NOT NULL, errors double precision NOT NULL, confidence double precision NOT NULL,
      document text NOT NULL, custom_name text, is_pinned boolean NOT NULL DEFAULT false, merged_into text, is_pending boolean NOT NULL DEFAULT false,
      revision bigint NOT NULL DEFAULT 1, discovered_at timestamptz NOT NULL DEFAULT now(), last_seen_at timestamptz NOT NULL DEFAULT now());
    CREATE INDEX sloscout_journey_services ON sloscout_journey USING gin (services);
    COMMENT ON TABLE sloscout_journey IS 'sloscout: journeys as the newest analysis found them, and what people decided about them';
    CREATE TABLE sloscout_journey_split (
      journey text NOT NULL, service text NOT NULL, operation text NOT NULL, name text, PRIMARY KEY (journey, service, operation));
    COMMENT ON TABLE sloscout_journey_split IS 'sloscout: parts of journeys that become journeys of their own; no operation is any';
    CREATE TABLE sloscout_sli (
      id text PRIMARY KEY, journey text NOT NULL REFERENCES sloscout_journey ON DELETE CASCADE, kind text NOT NULL,
      status text NOT NULL DEFAULT 'proposed' CHECK (status IN ('proposed', 'approved', 'rejected')), threshold bigint, comment text,
      decided_by text, decided_at timestamptz, revision bigint NOT NULL DEFAULT 1);
    CREATE INDEX sloscout_sli_journey ON sloscout_sli (journey);
    COMMENT ON TABLE sloscout_sli IS 'sloscout: indicators, and what people decided about them; a threshold in nanoseconds overrides the proposed one';
    CREATE TABLE sloscout_slo (
      id text PRIMARY KEY REFERENCES sloscout_sli ON DELETE CASCADE,
      status text NOT NULL DEFAULT 'proposed' CHECK (status IN ('proposed', 'approved')), target integer CHECK (target BETWEEN 1 AND 999999),
      decided_by text, decided_at timestamptz, revision bigint NOT NULL DEFAULT 1);
    COMMENT ON TABLE sloscout_slo IS 'sloscout: objectives, one for each indicator; a target in millionths overrides the proposed one';
    ALTER TABLE sloscout_artifact ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY UNIQUE, ADD COLUMN service text NOT NULL DEFAULT '',
      ADD COLUMN state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'approved', 'rejected', 'deployed', 'rolled-back')),
      ADD COLUMN decided_by text, ADD COLUMN decided_at timestamptz, ADD COLUMN revision bigint NOT NULL DEFAULT 1;
    CREATE TABLE sloscout_policy (name text PRIMARY KEY, document text NOT NULL, revision bigint NOT NULL DEFAULT 1);
    COMMENT ON TABLE sloscout_policy IS 'sloscout: what may be deployed at once';
    INSERT INTO sloscout_policy (name, document)
      VALUES ('default', '{"mode": "block", "max_services": 10, "max_files": 1000, "require_approval": true}')
    """,
    """
    ALTER TABLE sloscout_job ADD COLUMN origin text;
    COMMENT ON COLUMN sloscout_job.origin IS 'sloscout: the folder or file whose jobs the server follows'
    """,
    """
    ALTER TABLE sloscout_journey ADD COLUMN error_evidence text;
    COMMENT ON COLUMN sloscout_journey.error_evidence IS 'sloscout: what tells of errors: spans, logs, or none';
    UPDATE sloscout_journey SET error_evidence = document::json->'journeys'->0->>'errorEvidence'
    """,
    """
    ALTER TABLE sloscout_analysis ADD COLUMN stages jsonb NOT NULL DEFAULT '[]';
    COMMENT ON COLUMN sloscout_analysis.stages IS 'sloscout: when each stage began, as the analysis went through them'
    """,
  ]
}
