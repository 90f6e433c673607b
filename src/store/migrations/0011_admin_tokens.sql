-- runs with: 5
-- Tokens of the admin API that it made itself. Who was revoked stays: the audit names its id.
CREATE TABLE IF NOT EXISTS admin_token (
  id text COLLATE "C" PRIMARY KEY,
  name text NOT NULL,
  role text NOT NULL CHECK (role IN ('admin', 'support', 'auditor', 'read_only')),
  -- null: all of them.
  merchant_id text COLLATE "C",
  api text,
  -- SHA-256 of the whole token.
  digest bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
  last4 text NOT NULL,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  -- The token that made it; null: one of LATCHKEY_ADMIN_TOKEN.
  created_by_token text COLLATE "C",
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz
) WITH (fillfactor = 80);

-- By which token something was done, null: one of LATCHKEY_ADMIN_TOKEN, and from which address. A table of its own beside the
-- audit, which is not altered while it is written to: a row a request, however many entries that has made.
CREATE TABLE IF NOT EXISTS change_origin (
  -- Begins with the time: in the order of bytes, the first ones come first.
  request_id text COLLATE "C" PRIMARY KEY,
  token_id text COLLATE "C",
  client text,
  at timestamptz NOT NULL
);
