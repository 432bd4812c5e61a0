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
    """
  ]
}
