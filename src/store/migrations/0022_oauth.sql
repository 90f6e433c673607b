-- runs with: 5
-- The authorization server (src/oauth/). Of secrets, codes and tokens only digests are kept; what stands behind a code or a refresh
-- token is sealed with the very text that its holder has. Nothing refers to other tables but a secret to its client: a reference would lock them.
CREATE TABLE IF NOT EXISTS oauth_client (
  id text COLLATE "C" PRIMARY KEY,
  -- null: of all merchants.
  merchant_id text COLLATE "C",
  -- What its tokens are for.
  api text NOT NULL,
  environment text NOT NULL,
  name text NOT NULL,
  grants text[] NOT NULL CHECK (cardinality(grants) > 0 AND grants <@ '{code,client_credentials}'::text[]),
  redirect_uris text[] NOT NULL,
  -- That it may ask for at most; {*}: all of the API.
  permissions text[] NOT NULL CHECK (cardinality(permissions) > 0),
  auth_method text NOT NULL CHECK (auth_method IN ('client_secret', 'private_key_jwt')),
  -- Its public keys, of private_key_jwt.
  jwks jsonb,
  -- Whether its tokens are bound to a key of its own.
  is_bound boolean NOT NULL,
  status text NOT NULL CHECK (status IN ('active', 'disabled')),
  created_at timestamptz NOT NULL,
  created_by text NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS oauth_client_merchant ON oauth_client (merchant_id, id);

CREATE TABLE IF NOT EXISTS oauth_client_secret (
  id text COLLATE "C" PRIMARY KEY,
  client_id text COLLATE "C" NOT NULL REFERENCES oauth_client (id),
  digest bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
  last4 text NOT NULL,
  created_at timestamptz NOT NULL,
  -- End of its overlap; null: the current one.
  expires_at timestamptz
);
CREATE INDEX IF NOT EXISTS oauth_client_secret_client ON oauth_client_secret (client_id);

-- What somebody has allowed a client, once: the codes, refresh tokens and access tokens that came of it end with it.
CREATE TABLE IF NOT EXISTS oauth_grant (
  id text COLLATE "C" PRIMARY KEY,
  client_id text COLLATE "C" NOT NULL,
  person_id text COLLATE "C" NOT NULL,
  merchant_id text COLLATE "C" NOT NULL,
  permissions text[] NOT NULL,
  created_at timestamptz NOT NULL,
  -- When the last that came of it ends.
  expires_at timestamptz NOT NULL,
  ended_at timestamptz
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS oauth_grant_person ON oauth_grant (person_id, merchant_id, client_id);
CREATE INDEX IF NOT EXISTS oauth_grant_merchant ON oauth_grant (merchant_id, client_id);
CREATE INDEX IF NOT EXISTS oauth_grant_client ON oauth_grant (client_id);
CREATE INDEX IF NOT EXISTS oauth_grant_expires ON oauth_grant (expires_at);

-- Codes, refresh tokens, pushed requests, what is under way in a browser, and what may be used once.
CREATE TABLE IF NOT EXISTS oauth_artifact (
  model text NOT NULL,
  digest bytea NOT NULL CHECK (octet_length(digest) = 32),
  grant_id text COLLATE "C",
  -- Sealed with what the digest is of.
  payload text NOT NULL,
  expires_at timestamptz NOT NULL,
  consumed_at timestamptz,
  PRIMARY KEY (model, digest)
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS oauth_artifact_grant ON oauth_artifact (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS oauth_artifact_expires ON oauth_artifact (expires_at);

-- Keys of the server itself, sealed: that it signs with, and that its cookies are signed with.
CREATE TABLE IF NOT EXISTS oauth_key (
  id text COLLATE "C" PRIMARY KEY,
  purpose text NOT NULL CHECK (purpose IN ('sign', 'cookie')),
  sealed text NOT NULL,
  created_at timestamptz NOT NULL,
  -- Published before, so that nobody meets one that is not known.
  used_from timestamptz NOT NULL,
  -- null: not replaced.
  ends_at timestamptz
);
