-- runs with: 5
-- What is said of a key and decides nothing: a table of its own, as the keys' is read with every request that is cold, and is not
-- altered while it is. A key without a row is one that was made before there was a place for it.
CREATE TABLE IF NOT EXISTS key_about (
  key_id text COLLATE "C" PRIMARY KEY,
  -- Name to text.
  metadata jsonb NOT NULL DEFAULT '{}',
  -- Who answers for the key.
  owner text,
  -- Who made it, as the audit calls them.
  created_by text
);

-- Where secrets were reported to stand in public: each place once, so that a report which comes again does nothing again.
CREATE TABLE IF NOT EXISTS key_exposure (
  secret_id text COLLATE "C" NOT NULL,
  -- SHA-256 of who reports and where.
  place bytea NOT NULL CHECK (octet_length(place) = 32),
  at timestamptz NOT NULL,
  PRIMARY KEY (secret_id, place)
);
