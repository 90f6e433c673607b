-- runs with: 5
-- Activity added up: of all, by merchant and by key, by the hour, day and week (from Monday on, all in UTC). So that what is asked
-- about three months of many keys is read from a few thousand rows. Written of times that are over, in one transaction with
-- the words of which times those are (activity-sum-table.ts).
CREATE TABLE IF NOT EXISTS activity_sum (
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('all', 'merchant', 'key')),
  span text COLLATE "C" NOT NULL CHECK (span IN ('hour', 'day', 'week')),
  -- Id of the merchant or key; of all it is empty.
  name text COLLATE "C" NOT NULL,
  -- Beginning of the hour, day or week.
  start timestamptz NOT NULL,
  api text NOT NULL,
  environment text NOT NULL,
  -- Of keys it is empty.
  route text COLLATE "C" NOT NULL,
  -- Of keys `allow` or empty.
  outcome text COLLATE "C" NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (kind, span, name, start, api, environment, route, outcome)
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS activity_sum_start ON activity_sum (kind, span, start);

-- One row: all activity that begins from `since` on and before `until` is in the sums, and no other. Of hours, what begins from
-- `hours_since` on.
CREATE TABLE IF NOT EXISTS activity_summed (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  -- Beginning of a day.
  since timestamptz NOT NULL,
  hours_since timestamptz NOT NULL,
  until timestamptz NOT NULL
);
INSERT INTO activity_summed (since, hours_since, until)
SELECT today, today, today FROM date_trunc('day', now(), 'UTC') today ON CONFLICT DO NOTHING;

-- Which times are in the sums, until the transaction ends: whoever adds activity to these adds it to the sums too.
CREATE OR REPLACE FUNCTION activity_summed_now(OUT since timestamptz, OUT until timestamptz)
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(7317093125);
  -- A statement of its own: it sees what was committed during the wait.
  SELECT s.since, s.until INTO since, until FROM activity_summed s;
END
$$;
