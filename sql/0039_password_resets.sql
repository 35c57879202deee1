-- Links with which somebody who forgot their password sets a new one, mailed to them. `digest` is that of the link's code.
-- Serves: 18

-- A link is good for one use, for the address that it was asked for, and until the person's tokens are revoked.
CREATE TABLE password_resets (
    digest     bytea PRIMARY KEY,
    user_id    bigint NOT NULL REFERENCES users,
    email_key  text NOT NULL,
    generation integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX password_resets_of_person ON password_resets (user_id, created_at);

CREATE FUNCTION forget_password_resets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM password_resets WHERE user_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER users_password_resets AFTER UPDATE OF deleted_at ON users
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL)
    EXECUTE FUNCTION forget_password_resets();
