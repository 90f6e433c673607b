-- runs with: 5
-- Brakes: what was done to a key that did far more than it usually does, and where each key is used from. No references: neither must
-- fail for one odd row.
CREATE TABLE IF NOT EXISTS key_brake (
  key_id text COLLATE "C" NOT NULL,
  -- Its name in the file.
  brake text COLLATE "C" NOT NULL,
  -- What was done: where the file's action could not be, `notify`.
  action text NOT NULL CHECK (action IN ('notify', 'disable', 'require_ip')),
  pulled_at timestamptz NOT NULL,
  -- Until then it is not pulled again; what came before counts no more. Null: until somebody releases it.
  released_at timestamptz,
  -- Of require_ip: where the key could be used from before, and what it was restricted to.
  ips_before text[],
  ips text[],
  PRIMARY KEY (key_id, brake)
);
CREATE INDEX IF NOT EXISTS key_brake_pulled ON key_brake (pulled_at);

CREATE TABLE IF NOT EXISTS key_address (
  key_id text COLLATE "C" NOT NULL,
  -- An IPv4 address, or an IPv6 network (/64).
  address text COLLATE "C" NOT NULL,
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  PRIMARY KEY (key_id, address)
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS key_address_last ON key_address (last_at);
