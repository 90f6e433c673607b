-- runs with: 5
-- Access tokens of the authorization server: one more kind of credential, found by digest like a key's secret. They are many and
-- short-lived, so a row refers to nothing, and what ends many of them is one row, not a write to each.
CREATE TABLE IF NOT EXISTS access_token (
  digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
  id text COLLATE "C" NOT NULL,
  client_id text COLLATE "C" NOT NULL,
  -- null: the client itself asked, for nobody.
  person_id text COLLATE "C",
  grant_id text COLLATE "C",
  merchant_id text COLLATE "C" NOT NULL,
  api text COLLATE "C" NOT NULL,
  environment text COLLATE "C" NOT NULL,
  -- Sorted, without repeats, each by its name.
  permissions text[] NOT NULL CHECK (cardinality(permissions) > 0 AND NOT '*' = ANY (permissions)),
  -- Thumbprint (RFC 7638) of the key that it is bound to; null: whoever has it may use it.
  jkt text COLLATE "C" CHECK (jkt ~ '^[A-Za-z0-9_-]{43}$'),
  created_at timestamptz NOT NULL,
  -- No longer than a day: what ended it need not be remembered for longer.
  expires_at timestamptz NOT NULL CHECK (expires_at <= created_at + interval '24 hours'),
  -- Where the head stood: ends of later revisions are its own.
  revision bigint NOT NULL
);
CREATE INDEX IF NOT EXISTS access_token_end ON access_token (expires_at);
CREATE INDEX IF NOT EXISTS access_token_person ON access_token (person_id) WHERE person_id IS NOT NULL;

-- What has ended all tokens of before: of a token, grant, client or person by its id, of a person in a merchant by both with a space.
CREATE TABLE IF NOT EXISTS access_token_stop (
  subject text COLLATE "C" PRIMARY KEY,
  revision bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS access_token_stop_at ON access_token_stop (at);
