-- runs with: 5
-- Webhooks: where to, with which secrets, what has happened, and what became of telling it.

-- Who is told. Those that were deleted stay, as the audit names them.
CREATE TABLE IF NOT EXISTS webhook_endpoint (
  id text COLLATE "C" PRIMARY KEY,
  -- null: all of them.
  merchant_id text COLLATE "C",
  api text,
  name text,
  url text NOT NULL,
  -- {*}: all types.
  events text[] NOT NULL CHECK (cardinality(events) > 0),
  status text NOT NULL CHECK (status IN ('enabled', 'disabled')),
  disabled_reason text CHECK (disabled_reason IN ('by_hand', 'failing', 'gone')),
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  deleted_at timestamptz,
  -- Up to this event all are delivered, given up, or none of its.
  cursor_seq bigint NOT NULL,
  -- The last change before there was this endpoint.
  first_revision bigint NOT NULL,
  -- Tries in a row that failed, since when, and when the next one is due.
  failures integer NOT NULL DEFAULT 0,
  failing_since timestamptz,
  next_attempt_at timestamptz,
  last_delivered_at timestamptz
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS webhook_endpoint_merchant ON webhook_endpoint (merchant_id, id);

-- Sealed with a key that the database does not have: to sign, the secret itself is needed.
CREATE TABLE IF NOT EXISTS webhook_secret (
  id text COLLATE "C" PRIMARY KEY,
  endpoint_id text COLLATE "C" NOT NULL REFERENCES webhook_endpoint (id),
  sealed text NOT NULL,
  last4 text NOT NULL,
  created_at timestamptz NOT NULL,
  -- End of its overlap; null: the current one.
  expires_at timestamptz
);
CREATE INDEX IF NOT EXISTS webhook_secret_endpoint ON webhook_secret (endpoint_id);

-- What happened, numbered without gaps in the order of commits (the lock of the row below makes it so).
CREATE TABLE IF NOT EXISTS webhook_event (
  seq bigint PRIMARY KEY,
  id text COLLATE "C" NOT NULL UNIQUE,
  type text NOT NULL,
  merchant_id text COLLATE "C",
  -- null: it concerns no API, as what becomes of a merchant.
  api text,
  -- The entry of the audit that it was made of; null: of none.
  entry bigint UNIQUE,
  -- Of the change; null: it is of none.
  revision bigint,
  -- null: for everybody whom it concerns; else for this one alone.
  endpoint_id text COLLATE "C",
  -- The body as it is signed, each time the same.
  payload text NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS webhook_event_merchant ON webhook_event (merchant_id, seq);

-- One row. Whoever makes events or endpoints locks it; who sends has the lease on it.
CREATE TABLE IF NOT EXISTS webhook_head (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  seq bigint NOT NULL DEFAULT 0,
  -- Up to these the audit is read. Among entries with a revision of their own the order of numbers is that of commits.
  entry bigint NOT NULL,
  revision bigint NOT NULL,
  -- Entries up to this one were there before there were webhooks.
  first_entry bigint NOT NULL,
  holder text,
  held_until timestamptz,
  reminded_at timestamptz
);
INSERT INTO webhook_head (entry, revision, first_entry)
SELECT coalesce(max(id), 0), (SELECT revision FROM head), coalesce(max(id), 0) FROM audit
ON CONFLICT DO NOTHING;

-- What became of an event at an endpoint: from the first try on.
CREATE TABLE IF NOT EXISTS webhook_delivery (
  id text COLLATE "C" PRIMARY KEY,
  endpoint_id text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  type text NOT NULL,
  status text NOT NULL CHECK (status IN ('pending', 'delivered', 'failed')),
  attempts integer NOT NULL,
  created_at timestamptz NOT NULL,
  last_attempt_at timestamptz,
  delivered_at timestamptz,
  response_status integer,
  error text,
  duration_ms integer,
  -- Somebody asked for it to be sent, beside the order; null: nobody, or it was done.
  asked_at timestamptz,
  UNIQUE (endpoint_id, seq)
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS webhook_delivery_asked ON webhook_delivery (asked_at) WHERE asked_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS webhook_delivery_created ON webhook_delivery (created_at);
CREATE INDEX IF NOT EXISTS webhook_event_created ON webhook_event (created_at);

-- What was reminded of, so that it is told once.
CREATE TABLE IF NOT EXISTS reminder (
  key_id text COLLATE "C" NOT NULL,
  cause text NOT NULL CHECK (cause IN ('rotation_due', 'expiring')),
  -- What the reminder is of: the secret's id, or the time that the key expires at.
  about text NOT NULL,
  told_at timestamptz NOT NULL,
  PRIMARY KEY (key_id, cause, about)
);
