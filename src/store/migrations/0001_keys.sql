-- Merchants, keys and their secrets; the revision that every change of them gets; and who did it.
-- Ids begin with the time that they were made at: compared by bytes, their order is that of creation.

-- One row. Its lock, taken by each change as late as possible, makes the order of commits the order of revisions.
CREATE TABLE head (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  revision bigint NOT NULL DEFAULT 0,
  epoch text NOT NULL DEFAULT replace(gen_random_uuid()::text, '-', '')
);
INSERT INTO head DEFAULT VALUES;

CREATE TABLE merchant (
  id text COLLATE "C" PRIMARY KEY,
  name text NOT NULL,
  status text NOT NULL CHECK (status IN ('active', 'suspended')),
  created_at timestamptz NOT NULL,
  revision bigint NOT NULL
);

CREATE TABLE api_key (
  id text COLLATE "C" PRIMARY KEY,
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchant (id),
  api text NOT NULL,
  environment text NOT NULL CHECK (environment IN ('live', 'sandbox')),
  name text NOT NULL,
  status text NOT NULL CHECK (status IN ('active', 'disabled', 'revoked')),
  prefix text NOT NULL,
  -- Sorted, without repeats; {*} stands for all of the API.
  permissions text[] NOT NULL CHECK (cardinality(permissions) > 0),
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  revision bigint NOT NULL
);
CREATE INDEX api_key_merchant ON api_key (merchant_id, id);

-- Ended secrets stay: presented again, they are known as rotated out, and never issued twice.
CREATE TABLE key_secret (
  id text COLLATE "C" PRIMARY KEY,
  key_id text COLLATE "C" NOT NULL REFERENCES api_key (id),
  -- SHA-256 of the whole secret.
  digest bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
  last4 text NOT NULL,
  created_at timestamptz NOT NULL,
  -- End of the grace; null: the current secret.
  expires_at timestamptz,
  -- Ended by hand: over on every instance, whatever its clock says.
  is_ended boolean NOT NULL DEFAULT false CHECK (NOT is_ended OR expires_at IS NOT NULL),
  last_used_at timestamptz
) WITH (fillfactor = 80);
CREATE INDEX key_secret_key ON key_secret (key_id);
CREATE UNIQUE INDEX key_secret_current ON key_secret (key_id) WHERE expires_at IS NULL;

-- What the instances follow. Revisions have no gaps, so a reader sees from the numbers whether it missed a pruned one.
CREATE TABLE outbox (
  revision bigint PRIMARY KEY,
  -- null: the merchant itself changed, and with it all of its keys.
  key_id text COLLATE "C",
  merchant_id text COLLATE "C" NOT NULL,
  -- Lower-case hex SHA-256 of every secret that the change concerns.
  digests text[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX outbox_created ON outbox (created_at);

CREATE TABLE audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  actor text NOT NULL,
  action text NOT NULL,
  target text NOT NULL,
  before jsonb,
  after jsonb,
  request_id text NOT NULL,
  at timestamptz NOT NULL,
  revision bigint NOT NULL
);
CREATE INDEX audit_target ON audit (target, id);
CREATE INDEX audit_actor ON audit (actor, id);
CREATE INDEX audit_action ON audit (action, id);
