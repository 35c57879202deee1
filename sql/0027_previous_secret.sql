-- The digest of the secret that a server accepts beside its own, while the secret is changed server by server.
-- Serves: 18

ALTER TABLE nodes ADD previous_digest text;
