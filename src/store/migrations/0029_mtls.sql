-- runs with: 5
-- Clients that show a certificate (RFC 8705), and access tokens that are bound to one. What a token is bound to is a word of the
-- program's: a key's thumbprint as it is, that of a certificate behind "x5t:", which a program of before takes for a key that nobody has.
ALTER TABLE access_token DROP CONSTRAINT IF EXISTS access_token_jkt_check;
ALTER TABLE oauth_client DROP CONSTRAINT IF EXISTS oauth_client_auth_method_check;
-- Of tls_client_auth.
CREATE TABLE IF NOT EXISTS oauth_client_certificate_name (
  client_id text COLLATE "C" PRIMARY KEY,
  -- The one name that its certificate has, such as {"san_dns": "client.example"}.
  name jsonb NOT NULL
);
