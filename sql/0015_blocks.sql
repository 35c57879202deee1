-- Whom people block, and whose profile has changed of late.
-- Serves: 8

CREATE TABLE blocks (
    user_id    bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    blocked_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    PRIMARY KEY (user_id, blocked_id),
    CHECK (user_id <> blocked_id)
);

-- Each server remembers who may write to whom, until it is told that one of them was changed.
CREATE FUNCTION tell_of_block() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('chat_people', coalesce(NEW.user_id, OLD.user_id)::text);
    RETURN NULL;
END $$;
CREATE TRIGGER blocks_tell AFTER INSERT OR DELETE ON blocks FOR EACH ROW EXECUTE FUNCTION tell_of_block();

-- Who comes back is told whose profile has changed since. There is no time where nothing ever has.
CREATE INDEX users_changed ON users (changed_at) WHERE changed_at IS NOT NULL;
