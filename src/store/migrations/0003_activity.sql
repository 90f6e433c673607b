-- How often each secret was used, by the minute. No references: a batch must not fail for one odd row.
CREATE TABLE activity (
  key_id text COLLATE "C" NOT NULL,
  minute timestamptz NOT NULL,
  secret_id text COLLATE "C" NOT NULL,
  api text NOT NULL,
  environment text NOT NULL,
  route text COLLATE "C" NOT NULL,
  outcome text COLLATE "C" NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (key_id, minute, secret_id, route, outcome, api, environment)
);
CREATE INDEX activity_minute ON activity (minute);
