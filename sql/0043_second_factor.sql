-- Second factors: secrets of codes by time, and recovery codes, of which there are digests alone.
-- Serves: 18

ALTER TABLE users ADD has_second_factor boolean NOT NULL DEFAULT false;

-- `last_step` is that of the newest used code: it and earlier ones are good no more. A secret is in force once confirmed.
CREATE TABLE totp_secrets (
    user_id      bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    secret       bytea NOT NULL,
    last_step    bigint NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    confirmed_at timestamptz
);

-- A used code is deleted.
CREATE TABLE recovery_codes (
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    digest  bytea NOT NULL,
    PRIMARY KEY (user_id, digest)
);

CREATE FUNCTION forget_second_factor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM totp_secrets WHERE user_id = NEW.id;
    DELETE FROM recovery_codes WHERE user_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER users_second_factor AFTER UPDATE OF deleted_at ON users
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL)
    EXECUTE FUNCTION forget_second_factor();
