-- runs with: 5
-- How far the audit is copied to elsewhere, and who copies; what people were reminded of by mail.

-- One row. Up to this link of the chain all entries were taken; who copies has the lease on it.
CREATE TABLE IF NOT EXISTS audit_sink (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  seq bigint NOT NULL DEFAULT 0,
  holder text,
  held_until timestamptz
);
INSERT INTO audit_sink DEFAULT VALUES ON CONFLICT DO NOTHING;

-- What a merchant's admins were mailed, so that each state of a key is told once.
CREATE TABLE IF NOT EXISTS mailed_reminder (
  key_id text COLLATE "C" NOT NULL,
  cause text NOT NULL CHECK (cause IN ('rotation_due', 'expiring', 'unused', 'unused_permission')),
  -- What it is of: the secret's id, the time that the key ends at, since when it is unused, or the permission.
  about text NOT NULL,
  told_at timestamptz NOT NULL,
  PRIMARY KEY (key_id, cause, about)
);
CREATE INDEX IF NOT EXISTS mailed_reminder_told ON mailed_reminder (told_at);

-- When a merchant was last looked through for such mails, and when it last had one.
CREATE TABLE IF NOT EXISTS merchant_reminder (
  merchant_id text COLLATE "C" PRIMARY KEY,
  looked_at timestamptz NOT NULL,
  mailed_at timestamptz
);

-- People who want none of these mails.
CREATE TABLE IF NOT EXISTS reminder_refusal (
  person_id text COLLATE "C" PRIMARY KEY,
  at timestamptz NOT NULL
);

-- What a mail is about, where that is more than the link that is made as it is sent; gone with the mail.
CREATE TABLE IF NOT EXISTS mail_about (
  mail_id text COLLATE "C" PRIMARY KEY,
  about jsonb NOT NULL
);
