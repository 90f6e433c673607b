-- runs with: 5
-- Which installation this database is: part of every name and seal in a Redis that several may share. Unlike the epoch
-- it stays when the database goes back in time, and goes with it to another server.
CREATE TABLE IF NOT EXISTS installation (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  id text NOT NULL DEFAULT replace(gen_random_uuid()::text, '-', '')
);
INSERT INTO installation DEFAULT VALUES ON CONFLICT DO NOTHING;

-- With the definer's rights, so that roles which read the epoch need no further grant.
CREATE OR REPLACE FUNCTION installation_id() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS 'SELECT id FROM installation';

-- What an instance says of itself beside its heartbeat. A table of its own: nothing that is written while serving is
-- altered in place, and instances of earlier versions, which say none of it, go on.
CREATE TABLE IF NOT EXISTS instance_about (
  id text PRIMARY KEY,
  -- Fingerprints of its cache keys, the one that it writes with first, separated by commas; null: it uses no Redis.
  cache_keys text,
  -- How far its clock is behind the database's; negative: ahead. null: not known.
  clock_offset_ms bigint
) WITH (fillfactor = 50);
