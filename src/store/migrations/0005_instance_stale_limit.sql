-- An instance's own largest stale limit: others may have another one while a configuration is rolled out.
ALTER TABLE instance ADD COLUMN stale_limit_ms bigint NOT NULL DEFAULT 0;
