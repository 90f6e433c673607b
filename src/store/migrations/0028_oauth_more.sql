-- runs with: 5
-- Clients of the authorization server that publish their keys themselves, and programs without a browser of their own (RFC 8628).
CREATE TABLE IF NOT EXISTS oauth_client_key_set (
  client_id text COLLATE "C" PRIMARY KEY,
  uri text NOT NULL
);
-- A word in the catalogue: which grants there are is the program's to say.
ALTER TABLE oauth_client DROP CONSTRAINT IF EXISTS oauth_client_grants_check;

-- Programs that show a code which a person types, and what that one has said to it. Of both codes digests alone are kept.
CREATE TABLE IF NOT EXISTS oauth_device (
  -- Of the artifact (DeviceCode) that the program asks with.
  digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
  -- Of what a person types.
  user_digest bytea NOT NULL UNIQUE CHECK (octet_length(user_digest) = 32),
  client_id text COLLATE "C" NOT NULL,
  permissions text[] NOT NULL,
  -- Address that it asked from.
  client text,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  -- Who has allowed it, and with what; null: nobody yet.
  person_id text COLLATE "C",
  grant_id text COLLATE "C",
  is_refused boolean NOT NULL DEFAULT false,
  -- Not asked for again before this, and then in steps of so many seconds.
  ask_from timestamptz NOT NULL,
  step_seconds integer NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS oauth_device_end ON oauth_device (expires_at);
