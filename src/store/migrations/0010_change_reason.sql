-- runs with: 5
-- Why something was changed, in the words of who did it. A table of its own beside the audit, which is not altered while
-- it is written to: a row a request, however many entries that has made (an import makes one a key).
CREATE TABLE IF NOT EXISTS change_reason (
  -- Begins with the time: in the order of bytes, the first ones come first.
  request_id text COLLATE "C" PRIMARY KEY,
  reason text NOT NULL,
  at timestamptz NOT NULL
);

-- As in 0007, and what was said of the forgotten entries is forgotten with them. It looks into this schema behind pg_catalog,
-- which is the first where a path does not name it: what somebody else makes here must not stand for what is meant.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

CREATE OR REPLACE FUNCTION forget_audit(older_than timestamptz, most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  removed bigint;
BEGIN
  IF older_than > now() - interval '90 days' THEN
    RAISE EXCEPTION 'the audit of the last 90 days stays' USING ERRCODE = '22023';
  END IF;
  DELETE FROM audit WHERE id IN (
    SELECT id FROM (SELECT id, at FROM audit ORDER BY id LIMIT most) first WHERE at < older_than);
  GET DIAGNOSTICS removed = ROW_COUNT;
  DELETE FROM change_reason WHERE request_id IN (
    SELECT request_id FROM (SELECT request_id, at FROM change_reason ORDER BY request_id LIMIT most) first
    WHERE at < older_than);
  RETURN removed;
END
$$;
