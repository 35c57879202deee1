-- Bots that are accounts: with an owner, scopes, memberships and tokens.
-- Serves: 18

-- A bot is one of `users` as a visitor is, so whatever knows no bots refuses them. NULL: no bot.
ALTER TABLE users ADD COLUMN scopes text[],
    ADD CONSTRAINT users_bot_check CHECK (scopes IS NULL OR is_visitor) NOT VALID;
CREATE TABLE bots (
    person_id bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    owner_id  bigint NOT NULL REFERENCES users ON DELETE CASCADE
);
CREATE INDEX bots_owner ON bots (owner_id, person_id);

-- The bot that is called; a hook with one has no room, and is called in those that the bot is in.
ALTER TABLE outgoing_hooks ADD COLUMN account_id bigint REFERENCES bots ON DELETE CASCADE;
CREATE INDEX outgoing_hooks_account ON outgoing_hooks (account_id);

-- A trigger, because older servers, commands and the identity provider disable people too. Disabling ends the tokens. A
-- bot that somebody disabled by itself stays disabled: its time is another one.
CREATE FUNCTION follow_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE users SET
        deleted_at = NEW.deleted_at,
        disabled_at = CASE WHEN NEW.disabled_at IS NULL THEN nullif(users.disabled_at, OLD.disabled_at)
            ELSE coalesce(users.disabled_at, NEW.disabled_at) END,
        token_generation = token_generation + (NEW.disabled_at IS NOT NULL)::int
    FROM bots WHERE bots.owner_id = NEW.id AND users.id = bots.person_id AND users.deleted_at IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER users_bots AFTER UPDATE OF disabled_at, deleted_at ON users FOR EACH ROW
    WHEN (NOT NEW.is_visitor
        AND (NEW.disabled_at, NEW.deleted_at) IS DISTINCT FROM (OLD.disabled_at, OLD.deleted_at))
    EXECUTE FUNCTION follow_owner();
