-- The processes that serve, and which history of the database they follow.

CREATE TABLE instance (
  id text PRIMARY KEY,
  host text NOT NULL,
  pid integer NOT NULL,
  role text NOT NULL,
  version text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  applied_revision bigint NOT NULL,
  -- Of the applied revision; null: none applied yet.
  epoch text,
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  signed_off_at timestamptz
) WITH (fillfactor = 50);

-- `:<system identifier>:<timeline>`: changes when the database is restored into another cluster or a standby is
-- promoted. With the definer's rights, so that all roles read the same; empty parts where the server permits none.
-- On a standby it fails (55000): a revision may only be confirmed by the primary.
CREATE FUNCTION database_lineage() RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  cluster text := '';
  timeline text := '';
BEGIN
  BEGIN
    SELECT system_identifier::text INTO cluster FROM pg_control_system();
  EXCEPTION WHEN insufficient_privilege OR undefined_function OR feature_not_supported THEN
    cluster := '';
  END;
  BEGIN
    timeline := left(pg_walfile_name(pg_current_wal_lsn()), 8);
  EXCEPTION WHEN insufficient_privilege OR undefined_function OR feature_not_supported THEN
    timeline := '';
  END;
  RETURN ':' || cluster || ':' || timeline;
END
$$;
