-- The e-mail addresses that people have confirmed, and the links that confirm them. `digest` is that of the link's code.
-- Serves: 18

-- An address is confirmed while it is the one of the account.
CREATE TABLE confirmed_addresses (
    user_id      bigint PRIMARY KEY REFERENCES users,
    email_key    text NOT NULL,
    confirmed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE address_links (
    digest     bytea PRIMARY KEY,
    user_id    bigint NOT NULL REFERENCES users,
    email_key  text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX address_links_of_person ON address_links (user_id, created_at);
CREATE INDEX address_links_of_address ON address_links (email_key, created_at);

-- A trigger, because older servers delete people too.
CREATE FUNCTION forget_confirmed_addresses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM confirmed_addresses WHERE user_id = NEW.id;
    DELETE FROM address_links WHERE user_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER users_confirmed_addresses AFTER UPDATE OF deleted_at ON users
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL)
    EXECUTE FUNCTION forget_confirmed_addresses();
