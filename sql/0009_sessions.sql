-- Sessions: logins that can be listed and ended one by one. What profiles have beside names. The first admin's code.
-- Serves: 8

ALTER TABLE users ADD share_reads boolean NOT NULL DEFAULT true, ADD changed_at timestamptz;

-- NULL where nothing has changed since the account was made.
CREATE FUNCTION note_profile_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_at := clock_timestamp();
    RETURN NEW;
END $$;
CREATE TRIGGER users_changed BEFORE UPDATE ON users FOR EACH ROW
    WHEN ((NEW.name, NEW.display_name, NEW.email, NEW.is_operator, NEW.is_admin, NEW.share_reads)
        IS DISTINCT FROM (OLD.name, OLD.display_name, OLD.email, OLD.is_operator, OLD.is_admin, OLD.share_reads))
    EXECUTE FUNCTION note_profile_change();

-- A session is there as long as it lasts: what has ended is deleted. Of refresh tokens there are digests alone.
CREATE TABLE sessions (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id      bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    name         text NOT NULL,
    address      text NOT NULL,
    agent        text NOT NULL,
    -- What all refresh tokens of a login have in common. A token for a program has none, and is never refreshed.
    family       bytea UNIQUE,
    refresh      bytea,
    previous     bytea,
    refreshed_at timestamptz,
    created_at   timestamptz NOT NULL,
    used_at      timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    CHECK ((family IS NULL) = (refresh IS NULL)),
    CHECK ((previous IS NULL) = (refreshed_at IS NULL))
);
CREATE INDEX sessions_user ON sessions (user_id, used_at);
CREATE INDEX sessions_expired ON sessions (expires_at);

-- Who listens for changed people is told with the commit, and looks at the sessions of that person's sockets.
CREATE FUNCTION tell_of_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('chat_people', OLD.user_id::text);
    RETURN NULL;
END $$;
CREATE TRIGGER sessions_tell AFTER DELETE ON sessions FOR EACH ROW EXECUTE FUNCTION tell_of_session();

-- Whoever revokes a person's tokens ends their sessions: this server, an older one, a command, or psql.
CREATE FUNCTION end_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM sessions WHERE user_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER users_end_sessions AFTER UPDATE ON users FOR EACH ROW
    WHEN (NEW.token_generation <> OLD.token_generation OR NEW.deleted_at IS DISTINCT FROM OLD.deleted_at)
    EXECUTE FUNCTION end_sessions();

-- At most one row: what the code is made of that makes the first admin, and how often somebody may still be wrong.
CREATE TABLE set_up (
    id         bigint PRIMARY KEY CHECK (id = 1),
    nonce      bytea NOT NULL,
    tries_left integer NOT NULL CHECK (tries_left >= 0)
);
