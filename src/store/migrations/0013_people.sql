-- runs with: 5
-- People: operators of the platform and members of merchants, what they sign in with, and what they are signed in by. Of sessions
-- and links digests alone are kept, of passwords what argon2id makes of them.
CREATE TABLE IF NOT EXISTS person (
  id text COLLATE "C" PRIMARY KEY,
  -- In lower case, ASCII.
  email text COLLATE "C" NOT NULL UNIQUE,
  kind text NOT NULL CHECK (kind IN ('operator', 'member')),
  -- Of operators; what members may do stands in their memberships.
  role text CHECK (role IN ('admin', 'support', 'auditor', 'read_only')),
  -- A PHC string; null: none was set yet.
  password text,
  password_at timestamptz,
  disabled_at timestamptz,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  signed_in_at timestamptz,
  CHECK ((kind = 'operator') = (role IS NOT NULL))
) WITH (fillfactor = 80);

-- Merchants are never removed, so nothing needs to refer to them: a reference would lock their table while it is made.
CREATE TABLE IF NOT EXISTS membership (
  person_id text COLLATE "C" NOT NULL REFERENCES person,
  merchant_id text COLLATE "C" NOT NULL,
  role text NOT NULL CHECK (role IN ('admin', 'viewer')),
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  PRIMARY KEY (person_id, merchant_id)
);
CREATE INDEX IF NOT EXISTS membership_merchant ON membership (merchant_id);

-- Who is signed in. A row that is gone is a session that has ended.
CREATE TABLE IF NOT EXISTS hub_session (
  id text COLLATE "C" PRIMARY KEY,
  digest bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
  person_id text COLLATE "C" NOT NULL REFERENCES person,
  -- How it was shown who this is: `password`, and what comes beside it.
  proofs text[] NOT NULL,
  created_at timestamptz NOT NULL,
  last_used_at timestamptz NOT NULL,
  -- However much it is used.
  ends_at timestamptz NOT NULL,
  client text,
  user_agent text
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS hub_session_person ON hub_session (person_id);
CREATE INDEX IF NOT EXISTS hub_session_end ON hub_session (ends_at);

-- Who was asked to become a member of a merchant, and has not said yes yet.
CREATE TABLE IF NOT EXISTS invitation (
  id text COLLATE "C" PRIMARY KEY,
  merchant_id text COLLATE "C" NOT NULL,
  email text COLLATE "C" NOT NULL,
  role text NOT NULL CHECK (role IN ('admin', 'viewer')),
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  expires_at timestamptz NOT NULL,
  UNIQUE (merchant_id, email)
);
CREATE INDEX IF NOT EXISTS invitation_end ON invitation (expires_at);

-- Links that people get: each works once. A row that is gone is a link that was used.
CREATE TABLE IF NOT EXISTS person_link (
  digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
  purpose text NOT NULL CHECK (purpose IN ('set_password', 'reset', 'invitation')),
  person_id text COLLATE "C" REFERENCES person,
  invitation_id text COLLATE "C" REFERENCES invitation ON DELETE CASCADE,
  expires_at timestamptz NOT NULL,
  CHECK ((purpose = 'invitation') = (invitation_id IS NOT NULL)),
  CHECK ((purpose = 'invitation') = (person_id IS NULL))
);
CREATE INDEX IF NOT EXISTS person_link_person ON person_link (person_id);
CREATE INDEX IF NOT EXISTS person_link_invitation ON person_link (invitation_id);
CREATE INDEX IF NOT EXISTS person_link_end ON person_link (expires_at);

-- Mails to be sent. What they say is made as they are sent: no link stands in here.
CREATE TABLE IF NOT EXISTS mail (
  id text COLLATE "C" PRIMARY KEY,
  kind text NOT NULL,
  recipient text NOT NULL,
  person_id text COLLATE "C" REFERENCES person,
  invitation_id text COLLATE "C" REFERENCES invitation ON DELETE CASCADE,
  created_at timestamptz NOT NULL,
  next_at timestamptz NOT NULL,
  tries integer NOT NULL DEFAULT 0,
  -- Why the last try failed: a code.
  failure text
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS mail_next ON mail (next_at);

-- How fast somebody may try: for each account and each address, until when its tries are used up (as GCRA counts).
CREATE TABLE IF NOT EXISTS pace (
  bucket text COLLATE "C" PRIMARY KEY,
  until timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX IF NOT EXISTS pace_until ON pace (until);
