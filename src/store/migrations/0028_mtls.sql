-- runs with: 5
-- Clients that show a certificate (RFC 8705), and access tokens that are bound to one. Where a token is, its jkt is the SHA-256 of the
-- certificate: a program that does not know this column asks for a proof with a key of that thumbprint, which nobody has.
ALTER TABLE access_token ADD COLUMN IF NOT EXISTS by_certificate boolean NOT NULL DEFAULT false;
-- Words in the catalogue: which methods there are is the program's to say.
ALTER TABLE oauth_client DROP CONSTRAINT IF EXISTS oauth_client_auth_method_check;
-- Of tls_client_auth: the one name that its certificate has, such as {"san_dns": "client.example"}.
ALTER TABLE oauth_client ADD COLUMN IF NOT EXISTS tls_subject jsonb;
