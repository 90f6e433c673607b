-- runs with: 5
-- What people sign in with beside a password. Of recovery codes and of what stands in browsers digests alone are kept; a shared secret, which
-- must be readable again, is sealed. People are never removed, so nothing needs to refer to them: a reference would lock their table.
CREATE TABLE IF NOT EXISTS totp (
  person_id text COLLATE "C" PRIMARY KEY,
  -- Sealed.
  secret text NOT NULL,
  created_at timestamptz NOT NULL,
  -- null: being set up; asked of nobody yet.
  confirmed_at timestamptz,
  -- The newest step whose code was used: neither it nor one before it is taken again.
  last_step bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 80);

CREATE TABLE IF NOT EXISTS recovery_code (
  person_id text COLLATE "C" NOT NULL,
  digest bytea NOT NULL CHECK (octet_length(digest) = 32),
  PRIMARY KEY (person_id, digest)
);

CREATE TABLE IF NOT EXISTS passkey (
  id text COLLATE "C" PRIMARY KEY,
  person_id text COLLATE "C" NOT NULL,
  -- As the authenticator calls it, in base64url.
  credential text COLLATE "C" NOT NULL UNIQUE,
  -- COSE.
  public_key bytea NOT NULL,
  counter bigint NOT NULL,
  transports text[] NOT NULL,
  name text NOT NULL,
  created_at timestamptz NOT NULL,
  last_used_at timestamptz
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS passkey_person ON passkey (person_id);

-- Who somebody is elsewhere.
CREATE TABLE IF NOT EXISTS person_oidc (
  issuer text COLLATE "C" NOT NULL,
  subject text COLLATE "C" NOT NULL,
  person_id text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (issuer, subject),
  UNIQUE (person_id, issuer)
);

-- What was begun and is to be finished by whoever began it, once: the challenge of a passkey, a way to an identity provider and back.
CREATE TABLE IF NOT EXISTS ceremony (
  digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
  kind text NOT NULL CHECK (kind IN ('passkey_add', 'passkey', 'oidc')),
  person_id text COLLATE "C",
  -- Which provider.
  detail text,
  expires_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS ceremony_end ON ceremony (expires_at);
