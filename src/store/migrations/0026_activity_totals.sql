-- runs with: 5
-- What merchants and keys have of activity, whatever its routes and refusals: by the day, the week and four weeks (from Mondays on,
-- all in UTC), so that three months of many are added up from a few rows each. Made of the days of activity_sum that are over
-- (activity-total-table.ts).
CREATE TABLE IF NOT EXISTS activity_total (
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('merchant', 'key')),
  span text COLLATE "C" NOT NULL CHECK (span IN ('day', 'week', 'four_weeks')),
  -- Id of the merchant or key.
  name text COLLATE "C" NOT NULL,
  -- Beginning of the day, the week or the four weeks.
  start timestamptz NOT NULL,
  api text COLLATE "C" NOT NULL,
  environment text COLLATE "C" NOT NULL,
  count bigint NOT NULL,
  -- Of these, the requests that were let through.
  allowed bigint NOT NULL,
  PRIMARY KEY (kind, span, name, start, api, environment)
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS activity_total_start ON activity_total (kind, span, start);

-- One row: all days that begin from `since` on and before `until` are in the totals, and no others.
CREATE TABLE IF NOT EXISTS activity_totalled (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  since timestamptz NOT NULL,
  until timestamptz NOT NULL
);
INSERT INTO activity_totalled (since, until)
SELECT until, until FROM (SELECT date_trunc('day', until, 'UTC') AS until FROM activity_summed) s ON CONFLICT DO NOTHING;

-- Which times are in sums and totals, until the transaction ends: whoever adds activity to these adds it there too.
CREATE OR REPLACE FUNCTION activity_ends_now(
  OUT since timestamptz, OUT until timestamptz, OUT totals_since timestamptz, OUT totals_until timestamptz)
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(7317093125);
  -- A statement of its own: it sees what was committed during the wait.
  SELECT s.since, s.until, t.since, t.until INTO since, until, totals_since, totals_until
  FROM activity_summed s, activity_totalled t;
END
$$;

-- The minute in which a key was last used, of any of its secrets; no row: never. A use a second moves it once a minute, as its
-- index is to be spared; within a minute key_secret tells the order.
CREATE TABLE IF NOT EXISTS key_use (
  key_id text COLLATE "C" PRIMARY KEY,
  minute timestamptz NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS key_use_minute ON key_use (minute, key_id);
INSERT INTO key_use (key_id, minute)
SELECT key_id, date_trunc('minute', max(last_used_at), 'UTC') FROM key_secret WHERE last_used_at IS NOT NULL GROUP BY key_id
ON CONFLICT DO NOTHING;
