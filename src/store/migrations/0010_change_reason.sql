-- runs with: 5
-- Why something was changed, in the words of who did it. A table of its own beside the audit, which is not altered while
-- it is written to: a row a request, however many entries that has made (an import makes one a key).
CREATE TABLE IF NOT EXISTS change_reason (
  -- Begins with the time: in the order of bytes, the first ones come first.
  request_id text COLLATE "C" PRIMARY KEY,
  reason text NOT NULL,
  at timestamptz NOT NULL
);
