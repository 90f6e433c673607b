-- What a request with an Idempotency-Key has made, so that its repeat changes nothing. No secret is in it.
CREATE TABLE idempotency (
  actor text NOT NULL,
  key text NOT NULL,
  -- SHA-256 of method, path and body.
  request_digest bytea NOT NULL CHECK (octet_length(request_digest) = 32),
  -- The object as it was answered; null only inside the transaction that makes it.
  object jsonb,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (actor, key)
);
CREATE INDEX idempotency_created ON idempotency (created_at);

-- Old activity, by the hour and later by the day. A table of its own: instances of an earlier version go on writing minutes.
CREATE TABLE activity_rollup (
  key_id text COLLATE "C" NOT NULL,
  span text COLLATE "C" NOT NULL CHECK (span IN ('hour', 'day')),
  -- Beginning of the hour or day, in UTC.
  start timestamptz NOT NULL,
  secret_id text COLLATE "C" NOT NULL,
  api text NOT NULL,
  environment text NOT NULL,
  route text COLLATE "C" NOT NULL,
  outcome text COLLATE "C" NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (key_id, start, span, secret_id, route, outcome, api, environment)
);
CREATE INDEX activity_rollup_start ON activity_rollup (span, start);

-- Batches that were added: one that is sent again, as its answer was lost, does not count twice.
CREATE TABLE activity_batch (
  id text PRIMARY KEY,
  added_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX activity_batch_added ON activity_batch (added_at);
