-- How often each secret was used, by the minute. No references: a batch must not fail for one odd row.
CREATE TABLE activity (
  key_id text NOT NULL,
  minute timestamptz NOT NULL,
  secret_id text NOT NULL,
  api text NOT NULL,
  environment text NOT NULL,
  route text NOT NULL,
  outcome text NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (key_id, minute, secret_id, api, environment, route, outcome)
);
