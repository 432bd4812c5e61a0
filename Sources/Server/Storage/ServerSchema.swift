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
      EXECUTE FUNCTION sloscout_audit_is_append_only()
    """
  ]
}
