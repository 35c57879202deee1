-- People who log in by an identity provider (OpenID Connect): who they are there, and which of their sessions it began.
-- Serves: 18

-- A person's key at a provider is both, exactly. An account has one at a provider.
CREATE TABLE identities (
    issuer     text NOT NULL,
    subject    text NOT NULL,
    user_id    bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (issuer, subject),
    UNIQUE (user_id, issuer)
);

-- Accounts are deleted in place.
CREATE FUNCTION forget_identities() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM identities WHERE user_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER users_forget_identities AFTER UPDATE ON users FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL)
    EXECUTE FUNCTION forget_identities();

-- `sid` is the provider's session. The ID token is sent back to the provider when the person logs out.
CREATE TABLE identity_sessions (
    session_id bigint PRIMARY KEY REFERENCES sessions ON DELETE CASCADE,
    issuer     text NOT NULL,
    subject    text NOT NULL,
    sid        text,
    id_token   text NOT NULL
);
CREATE INDEX identity_sessions_subject ON identity_sessions (issuer, subject);
CREATE INDEX identity_sessions_sid ON identity_sessions (issuer, sid) WHERE sid IS NOT NULL;

-- Log-outs that the provider has sent, for a day. None is accepted twice, and none is overtaken by a log-in before it.
CREATE TABLE identity_logouts (
    issuer  text NOT NULL,
    jti     text NOT NULL,
    subject text,
    sid     text,
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (issuer, jti)
);
CREATE INDEX identity_logouts_at ON identity_logouts (at);
