-- runs with: 5
-- What merchants and keys have of activity, whatever its routes and refusals: by the day, the week and four weeks (from Mondays on,
-- all in UTC), so that three months of many are added up from a few rows each. And by when a key was last used, to be sorted
-- by. Both are kept by triggers: programs of earlier versions, which go on meanwhile, know nothing of them.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

CREATE TABLE IF NOT EXISTS activity_total (
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('merchant', 'key')),
  span text COLLATE "C" NOT NULL CHECK (span IN ('day', 'week', 'four_weeks')),
  -- Id of the merchant or key.
  name text COLLATE "C" NOT NULL,
  -- Beginning of the day, the week or the four weeks.
  start timestamptz NOT NULL,
  api text NOT NULL,
  environment text NOT NULL,
  count bigint NOT NULL,
  -- Of these, the requests that were let through.
  allowed bigint NOT NULL,
  PRIMARY KEY (kind, span, name, start, api, environment)
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS activity_total_start ON activity_total (kind, span, start);

-- Adds the days that activity_sum gains.
CREATE OR REPLACE FUNCTION total_added_activity() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM FROM added WHERE span = 'day' AND kind IN ('merchant', 'key') LIMIT 1;
  IF NOT FOUND THEN RETURN NULL; END IF;
  -- One statement may do both, each in its own order of rows.
  PERFORM pg_advisory_xact_lock(7317093126);
  INSERT INTO activity_total AS t (kind, span, name, start, api, environment, count, allowed)
  SELECT d.kind, w.span, d.name, w.start, d.api, d.environment, sum(d.count),
    coalesce(sum(d.count) FILTER (WHERE d.outcome = 'allow'), 0)
  FROM added d
    CROSS JOIN LATERAL (VALUES ('day', d.start), ('week', date_trunc('week', d.start, 'UTC')),
      ('four_weeks', to_timestamp(345600 + 2419200 * floor((extract(epoch FROM d.start) - 345600) / 2419200)))
    ) w (span, start)
  WHERE d.span = 'day' AND d.kind IN ('merchant', 'key')
  GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
  ON CONFLICT (kind, span, name, start, api, environment)
  DO UPDATE SET count = t.count + excluded.count, allowed = t.allowed + excluded.allowed;
  RETURN NULL;
END
$$;
-- Adds what its days gain.
CREATE OR REPLACE FUNCTION total_changed_activity() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM FROM added WHERE span = 'day' AND kind IN ('merchant', 'key') LIMIT 1;
  IF NOT FOUND THEN RETURN NULL; END IF;
  -- One statement may do both, each in its own order of rows.
  PERFORM pg_advisory_xact_lock(7317093126);
  INSERT INTO activity_total AS t (kind, span, name, start, api, environment, count, allowed)
  SELECT d.kind, w.span, d.name, w.start, d.api, d.environment, sum(d.count),
    coalesce(sum(d.count) FILTER (WHERE d.outcome = 'allow'), 0)
  FROM (SELECT kind, span, name, start, api, environment, outcome, count FROM added
      UNION ALL SELECT kind, span, name, start, api, environment, outcome, -count FROM was) d
    CROSS JOIN LATERAL (VALUES ('day', d.start), ('week', date_trunc('week', d.start, 'UTC')),
      ('four_weeks', to_timestamp(345600 + 2419200 * floor((extract(epoch FROM d.start) - 345600) / 2419200)))
    ) w (span, start)
  WHERE d.span = 'day' AND d.kind IN ('merchant', 'key')
  GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
  ON CONFLICT (kind, span, name, start, api, environment)
  DO UPDATE SET count = t.count + excluded.count, allowed = t.allowed + excluded.allowed;
  RETURN NULL;
END
$$;

-- What is there already is added up anew, a day at a time, by whoever keeps house: until then it is read as it was written.
LOCK TABLE activity_sum IN ACCESS EXCLUSIVE MODE;
TRUNCATE activity_sum;
UPDATE activity_summed SET since = d, hours_since = d, until = d FROM date_trunc('day', now(), 'UTC') d;

DROP TRIGGER IF EXISTS total_added ON activity_sum;
CREATE TRIGGER total_added AFTER INSERT ON activity_sum
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION total_added_activity();
DROP TRIGGER IF EXISTS total_changed ON activity_sum;
CREATE TRIGGER total_changed AFTER UPDATE ON activity_sum
  REFERENCING OLD TABLE AS was NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION total_changed_activity();

-- The minute in which a key was last used, of any of its secrets; no row: never. A use a second moves it once a minute, as its
-- index is to be spared; within a minute key_secret tells the order.
CREATE TABLE IF NOT EXISTS key_use (
  key_id text COLLATE "C" PRIMARY KEY,
  minute timestamptz NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS key_use_minute ON key_use (minute, key_id);

CREATE OR REPLACE FUNCTION note_key_use() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO key_use AS u (key_id, minute)
  SELECT n.key_id, n.minute
  FROM (SELECT key_id, date_trunc('minute', max(last_used_at), 'UTC') AS minute FROM used
    WHERE last_used_at IS NOT NULL GROUP BY key_id) n
  -- Of what stays no row is locked: whoever changes keys would wait for those who count, in another order.
  WHERE NOT EXISTS (SELECT FROM key_use o WHERE o.key_id = n.key_id AND o.minute >= n.minute)
  ORDER BY n.key_id
  ON CONFLICT (key_id) DO UPDATE SET minute = excluded.minute WHERE u.minute < excluded.minute;
  RETURN NULL;
END
$$;
DROP TRIGGER IF EXISTS use_added ON key_secret;
CREATE TRIGGER use_added AFTER INSERT ON key_secret
  REFERENCING NEW TABLE AS used FOR EACH STATEMENT EXECUTE FUNCTION note_key_use();
DROP TRIGGER IF EXISTS use_changed ON key_secret;
CREATE TRIGGER use_changed AFTER UPDATE ON key_secret
  REFERENCING NEW TABLE AS used FOR EACH STATEMENT EXECUTE FUNCTION note_key_use();
INSERT INTO key_use (key_id, minute)
SELECT key_id, date_trunc('minute', max(last_used_at), 'UTC') FROM key_secret WHERE last_used_at IS NOT NULL GROUP BY key_id
ON CONFLICT DO NOTHING;
