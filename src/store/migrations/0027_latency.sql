-- runs with: 5
-- How long answers took: requests that were sent to an upstream, counted by how long. Of all by five minutes, hours and days, of
-- merchants and keys by hours and days. No references: a batch must not fail for one odd row.
CREATE TABLE IF NOT EXISTS activity_latency (
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('all', 'merchant', 'key')),
  span text COLLATE "C" NOT NULL CHECK (span IN ('five_minutes', 'hour', 'day')),
  -- Id of the merchant or key; of all it is empty.
  name text COLLATE "C" NOT NULL,
  -- Beginning of the five minutes, the hour or day (UTC).
  start timestamptz NOT NULL,
  api text COLLATE "C" NOT NULL,
  environment text COLLATE "C" NOT NULL,
  -- Upper bound in milliseconds: 2 to the power of (bucket - 8) / 4.
  bucket smallint NOT NULL,
  -- Requests whose answer took so long, without the waits for the client.
  answers bigint NOT NULL,
  -- Requests whose upstream took so long.
  upstream bigint NOT NULL,
  PRIMARY KEY (kind, span, name, start, api, environment, bucket)
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS activity_latency_start ON activity_latency (span, start);

-- What an instance says of itself beside its heartbeat, and instances of earlier versions do not.
CREATE TABLE IF NOT EXISTS instance_state (
  id text PRIMARY KEY,
  -- Of the table in force.
  table_sha256 text,
  -- As it sees it: up, degraded, down; none: it uses none.
  redis text NOT NULL,
  -- [{"reason": "config_fault", "detail": "..."}]; detail may be null. Empty: it is well.
  degraded jsonb NOT NULL
) WITH (fillfactor = 50);
