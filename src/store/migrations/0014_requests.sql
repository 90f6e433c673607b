-- runs with: 5
-- What became of single requests, for those who are asked about one by its id: refusals of known keys and failures of
-- upstreams, for 7 days. By the day of the request, so that a day is forgotten whole. No references: a batch must not fail for
-- one odd row.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

CREATE TABLE IF NOT EXISTS kept_request (
  id text COLLATE "C" NOT NULL,
  at timestamptz NOT NULL,
  method text NOT NULL,
  api text NOT NULL,
  environment text NOT NULL,
  route text NOT NULL,
  -- null: the route is public.
  merchant_id text COLLATE "C",
  key_id text COLLATE "C",
  decision text NOT NULL,
  -- null: let through.
  code text COLLATE "C",
  reason text,
  required text[] NOT NULL,
  -- Who ended it before its time; null: nobody.
  cut text,
  -- 0: nothing was answered.
  status integer NOT NULL,
  upstream_status integer,
  total_ms double precision NOT NULL,
  gateway_ms double precision NOT NULL,
  upstream_ms double precision,
  client_ms double precision NOT NULL,
  held_ms double precision NOT NULL,
  PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE INDEX IF NOT EXISTS kept_request_at ON kept_request (at, id);
CREATE INDEX IF NOT EXISTS kept_request_key ON kept_request (key_id, at, id);
CREATE INDEX IF NOT EXISTS kept_request_merchant ON kept_request (merchant_id, at, id);
CREATE INDEX IF NOT EXISTS kept_request_code ON kept_request (code, at, id);

-- Makes the days that are to be written to, from yesterday on and `ahead` beyond today; returns how many. With its owner's rights:
-- who serves may make no tables. Attached, and not made as a part: nobody who reads or writes waits for it.
CREATE OR REPLACE FUNCTION prepare_requests(ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT SET "TimeZone" = 'UTC' SET "DateStyle" = 'ISO, MDY' SET lock_timeout = '1s' AS $$
DECLARE
  today timestamptz := date_trunc('day', clock_timestamp());
  first timestamptz;
  part text;
  made integer := 0;
BEGIN
  -- Another is at it: with its end they are there.
  PERFORM pg_advisory_xact_lock(7317093124);
  FOR days IN -1 .. least(ahead, 14) LOOP
    first := today + days * interval '1 day';
    part := 'kept_request_' || to_char(first, 'YYYYMMDD');
    CONTINUE WHEN EXISTS (SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = 'kept_request'::regclass AND c.relname = part);
    EXECUTE format('CREATE TABLE %I (LIKE kept_request INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
    EXECUTE format('ALTER TABLE kept_request ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', part, first,
      first + interval '1 day');
    made := made + 1;
  END LOOP;
  RETURN made;
END
$$;

-- Forgets the days that ended before `older_than`; returns how many. None of the last 7 days. Whoever reads or writes just then
-- waits for a blink, or this gives up and is called again.
CREATE OR REPLACE FUNCTION forget_requests(older_than timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT SET "TimeZone" = 'UTC' SET "DateStyle" = 'ISO, MDY' SET lock_timeout = '200ms' AS $$
DECLARE
  part text;
  gone integer := 0;
BEGIN
  IF older_than > now() - interval '7 days' THEN
    RAISE EXCEPTION 'the requests of the last 7 days stay' USING ERRCODE = '22023';
  END IF;
  FOR part IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'kept_request'::regclass AND c.relname ~ '^kept_request_[0-9]{8}$'
      AND to_timestamp(right(c.relname, 8), 'YYYYMMDD') + interval '1 day' <= older_than
    ORDER BY c.relname
  LOOP
    EXECUTE format('DROP TABLE %I', part);
    gone := gone + 1;
  END LOOP;
  RETURN gone;
END
$$;
