-- runs with: 5
-- Command lines that ask to be signed in (RFC 8628), and what their person has said to it in a browser. Of both codes digests alone are kept.
CREATE TABLE IF NOT EXISTS device_request (
  digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
  -- Of what a person types.
  user_digest bytea NOT NULL UNIQUE CHECK (octet_length(user_digest) = 32),
  -- What it calls itself.
  name text NOT NULL,
  client text,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  -- Who has allowed it, signed in by which session; null: nobody yet.
  person_id text COLLATE "C",
  session_id text COLLATE "C",
  is_refused boolean NOT NULL DEFAULT false,
  -- Not asked for again before this, and then in steps of so many seconds.
  ask_from timestamptz NOT NULL,
  step_seconds integer NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS device_request_end ON device_request (expires_at);
