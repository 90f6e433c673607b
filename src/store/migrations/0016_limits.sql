-- runs with: 5
-- What is said of one key or one merchant beside what the file says of all: where from, how often, how many at once. Tables of
-- their own, as those beside them are in use. No row: nothing is said. No references, which would lock the tables they lead to.
CREATE TABLE IF NOT EXISTS key_limit (
  key_id text COLLATE "C" PRIMARY KEY,
  -- Addresses and CIDR blocks; none: any.
  allowed_ips text[] NOT NULL DEFAULT '{}',
  -- {"default": {"rate": "100/s", "burst": 200}}, by name of a limit of the file; burst may be null.
  rates jsonb NOT NULL DEFAULT '{}',
  -- Requests under way at once; null: any number.
  in_flight integer CHECK (in_flight > 0)
);

CREATE TABLE IF NOT EXISTS merchant_limit (
  merchant_id text COLLATE "C" PRIMARY KEY,
  -- One of the file's; null: none.
  plan text,
  rates jsonb NOT NULL DEFAULT '{}',
  in_flight integer CHECK (in_flight > 0)
);
