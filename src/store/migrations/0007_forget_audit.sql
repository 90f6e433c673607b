-- runs with: 5
-- The one way in which entries leave the audit: the oldest first, and none of the last 90 days. With its owner's rights, so
-- that the role that serves needs none to delete.
SELECT set_config('search_path', format('%I, pg_catalog, pg_temp', current_schema()), true);

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
  RETURN removed;
END
$$;
