-- runs with: 5
-- What makes a change of the audit visible: a chain over its entries, in their order. Each link holds the SHA-256 of the one
-- before, and its own over that, its number, the entry's number, both times and the SHA-256 of the entry: so a link is one that
-- can be checked when its entry is kept no longer. Written behind the changes, which wait for none of it, by a function with its
-- owner's rights: the role that serves may read links, and neither write nor change one.
--
-- Functions look into this schema behind pg_catalog, as in 0010, and into nobody's temporary tables before.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

CREATE TABLE IF NOT EXISTS audit_link (
  seq bigint PRIMARY KEY,
  -- No reference: entries may be forgotten, and the chain stays.
  entry bigint NOT NULL UNIQUE,
  -- The entry's own time: whether it may have been forgotten by now goes by it.
  at timestamptz NOT NULL,
  content bytea NOT NULL CHECK (octet_length(content) = 32),
  before bytea NOT NULL CHECK (octet_length(before) = 32),
  digest bytea NOT NULL CHECK (octet_length(digest) = 32),
  sealed_at timestamptz NOT NULL
);

-- Links up to `most` entries that have none; `seq` and `digest` are those of the last link then. Nothing, where another is at it.
-- An entry that was committed late has a number below others that are linked: within 20,000 it is found. An entry whose time is
-- none of a calendar gets no link, and holds up no other.
CREATE OR REPLACE FUNCTION seal_audit(most integer, OUT sealed integer, OUT seq bigint, OUT digest bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  entry record;
  preceding bytea;
  beyond bigint;
  now_us bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
  moment timestamptz := timestamptz 'epoch' + now_us * interval '1 microsecond';
BEGIN
  IF NOT pg_try_advisory_xact_lock(7317093123) THEN RETURN; END IF;
  sealed := 0;
  SELECT l.seq, l.digest INTO seq, digest FROM audit_link l ORDER BY l.seq DESC LIMIT 1;
  seq := coalesce(seq, 0);
  digest := coalesce(digest, decode(repeat('00', 32), 'hex'));
  SELECT coalesce(max(l.entry), 0) - 20000 INTO beyond FROM audit_link l;
  FOR entry IN
    SELECT a.id, a.at, (extract(epoch FROM a.at) * 1000000)::bigint AS at_us,
      sha256(convert_to(jsonb_strip_nulls(to_jsonb(a) - 'before' - 'after'
        || jsonb_build_object('at', (extract(epoch FROM a.at) * 1000000)::bigint, 'token_id', o.token_id, 'client', o.client,
          'reason', r.reason))::text
        || E'\n' || coalesce(a.before::text, '') || E'\n' || coalesce(a.after::text, ''), 'UTF8')) AS content
    FROM audit a LEFT JOIN change_origin o ON o.request_id = a.request_id
      LEFT JOIN change_reason r ON r.request_id = a.request_id
    WHERE a.id > beyond AND NOT EXISTS (SELECT FROM audit_link l WHERE l.entry = a.id)
      AND a.at >= timestamptz '0001-01-01 00:00:00+00' AND a.at < timestamptz '10000-01-01 00:00:00+00'
    ORDER BY a.id LIMIT most
  LOOP
    sealed := sealed + 1;
    seq := seq + 1;
    preceding := digest;
    digest := sha256(preceding
      || convert_to(seq || ' ' || entry.id || ' ' || entry.at_us || ' ' || now_us || E'\n', 'UTF8') || entry.content);
    INSERT INTO audit_link VALUES (seq, entry.id, entry.at, entry.content, preceding, digest, moment);
  END LOOP;
END
$$;

-- As in 0007, and the reasons and origins of the forgotten entries with them. What an entry still has said of it is not forgotten before
-- the entry, as its link is over both.
CREATE OR REPLACE FUNCTION forget_audit(older_than timestamptz, most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  removed bigint;
  first_at timestamptz;
BEGIN
  IF older_than > now() - interval '90 days' THEN
    RAISE EXCEPTION 'the audit of the last 90 days stays' USING ERRCODE = '22023';
  END IF;
  DELETE FROM audit WHERE id IN (
    SELECT id FROM (SELECT id, at FROM audit ORDER BY id LIMIT most) first WHERE at < older_than);
  GET DIAGNOSTICS removed = ROW_COUNT;
  SELECT least(older_than, min(at)) INTO first_at FROM (SELECT at FROM audit ORDER BY id LIMIT most) first;
  DELETE FROM change_reason WHERE request_id IN (
    SELECT request_id FROM (SELECT request_id, at FROM change_reason ORDER BY request_id LIMIT most) first
    WHERE at < first_at);
  DELETE FROM change_origin WHERE request_id IN (
    SELECT request_id FROM (SELECT request_id, at FROM change_origin ORDER BY request_id LIMIT most) first
    WHERE at < first_at);
  RETURN removed;
END
$$;

-- As in 0006, where it looked into the caller's temporary tables first.
CREATE OR REPLACE FUNCTION installation_id() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS 'SELECT id FROM installation';
