-- runs with: 5
-- Clients that show a certificate (RFC 8705), and access tokens that are bound to one.
-- Of tls_client_auth: the one name that its certificate has, such as {"san_dns": "client.example"}.
CREATE TABLE IF NOT EXISTS oauth_client_tls_subject (
  client_id text COLLATE "C" PRIMARY KEY,
  subject jsonb NOT NULL
);
-- Words in the catalogue: which methods there are is the program's to say.
ALTER TABLE oauth_client DROP CONSTRAINT IF EXISTS oauth_client_auth_method_check;
-- Of a token that is bound to a certificate: x5t: and its SHA-256. A program that does not know of it asks for a proof with a key of
-- that thumbprint, which nobody has.
ALTER TABLE access_token DROP CONSTRAINT IF EXISTS access_token_jkt_check;
