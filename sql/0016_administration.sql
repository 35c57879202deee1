-- What admins may change while servers run, and the record of what they did. Moderators of all public rooms.
-- Serves: 8

ALTER TABLE users ADD is_moderator boolean NOT NULL DEFAULT false;
CREATE TRIGGER users_changed_moderator BEFORE UPDATE OF is_moderator ON users
    FOR EACH ROW WHEN (NEW.is_moderator <> OLD.is_moderator) EXECUTE FUNCTION note_profile_change();

-- Settings that an admin has changed: each is here until it is taken back, and wins over what a server was started with.
CREATE TABLE settings (
    name       text PRIMARY KEY,
    value      jsonb NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by bigint REFERENCES users
);
CREATE FUNCTION tell_of_settings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('chat_settings', '');
    RETURN NULL;
END $$;
CREATE TRIGGER settings_tell AFTER INSERT OR UPDATE OR DELETE ON settings
    FOR EACH STATEMENT EXECUTE FUNCTION tell_of_settings();

-- Written in the transaction of what was done. People and rooms are no foreign keys: their checks would lock the rows of
-- two admins who change each other at once in two orders. `by_id` is NULL where a command did it.
CREATE TABLE audit (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL,
    by_id     bigint,
    what      text NOT NULL,
    person_id bigint,
    room_id   bigint,
    detail    text NOT NULL DEFAULT ''
);
CREATE INDEX audit_at ON audit (at);
