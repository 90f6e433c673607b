-- runs with: 5
-- How much of a month's quota is used, and what was told of that. No references: a count must not fail for one odd row.
CREATE TABLE IF NOT EXISTS quota_use (
  -- First day of the month (UTC).
  month date NOT NULL,
  api text COLLATE "C" NOT NULL,
  environment text COLLATE "C" NOT NULL,
  -- Id of a merchant or of a key.
  subject text COLLATE "C" NOT NULL,
  -- Requests that were let through.
  count bigint NOT NULL,
  PRIMARY KEY (subject, month, api, environment)
) WITH (fillfactor = 50);
CREATE INDEX IF NOT EXISTS quota_use_month ON quota_use (month, api, subject);

CREATE TABLE IF NOT EXISTS quota_told (
  subject text COLLATE "C" NOT NULL,
  month date NOT NULL,
  api text COLLATE "C" NOT NULL,
  environment text COLLATE "C" NOT NULL,
  quota text COLLATE "C" NOT NULL,
  -- How large it was then: of a larger one it is told again.
  requests bigint NOT NULL,
  percent integer NOT NULL,
  PRIMARY KEY (subject, month, api, environment, quota, requests, percent)
);
CREATE INDEX IF NOT EXISTS quota_told_month ON quota_told (month);

-- What is said of one merchant in place of what the file says of all. No row: nothing is.
CREATE TABLE IF NOT EXISTS merchant_quota (
  merchant_id text COLLATE "C" PRIMARY KEY,
  -- {"monthly": {"requests": 5000000}}, by name of a quota of the file.
  quotas jsonb NOT NULL
);
