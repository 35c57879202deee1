-- Passkeys (WebAuthn): public keys of credentials that browsers and authenticators have.
-- Serves: 18

-- A person with one has a second factor: users.has_second_factor.
CREATE TABLE passkeys (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id       bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    credential_id bytea NOT NULL UNIQUE,
    public_key    bytea NOT NULL,
    sign_count    bigint NOT NULL,
    transports    text[] NOT NULL,
    name          text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    used_at       timestamptz
);
CREATE INDEX passkeys_person ON passkeys (user_id, id);

-- Codes that take the place of a used passkey where a code of the second factor is asked for. A used one is deleted.
CREATE TABLE passkey_codes (
    digest     bytea PRIMARY KEY,
    passkey_id bigint NOT NULL REFERENCES passkeys ON DELETE CASCADE,
    ends_at    timestamptz NOT NULL
);
CREATE INDEX passkey_codes_passkey ON passkey_codes (passkey_id);

-- The numbers of challenges that were used, until a day after their end. None is good twice.
CREATE TABLE passkey_uses (
    number  bytea PRIMARY KEY,
    ends_at timestamptz NOT NULL
);
CREATE INDEX passkey_uses_ends ON passkey_uses (ends_at);

CREATE FUNCTION forget_passkeys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM passkeys WHERE user_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER users_passkeys AFTER UPDATE OF deleted_at ON users
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL)
    EXECUTE FUNCTION forget_passkeys();
