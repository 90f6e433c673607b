-- runs with: 5
-- Environments have names of one's own, and which ones there are is the configuration's to say. That rows may only say `live`
-- or `sandbox` is taken away: a word in the catalogue, for which no row is looked at. Older programs, which write these
-- two, go on as before; a key of another environment is of none that they have.
ALTER TABLE api_key DROP CONSTRAINT IF EXISTS api_key_environment_check;
