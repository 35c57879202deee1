-- Messages that people have saved for later: each for oneself, at most 1,000.
-- Serves: 18

-- Rights are looked up when they are listed: nothing here changes when somebody leaves a room. A removed message takes its
-- rows along.
CREATE TABLE saved_messages (
    id        bigint GENERATED ALWAYS AS IDENTITY,
    person_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    room_id   bigint NOT NULL,
    seq       bigint NOT NULL,
    saved_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (person_id, id),
    UNIQUE (person_id, room_id, seq),
    FOREIGN KEY (room_id, seq) REFERENCES messages (room_id, seq) ON DELETE CASCADE
);
CREATE INDEX saved_messages_message ON saved_messages (room_id, seq);

-- Triggers, because older servers delete messages and accounts too.
CREATE FUNCTION forget_saved_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM saved_messages WHERE room_id = OLD.room_id AND seq = OLD.seq;
    RETURN NULL;
END $$;
CREATE TRIGGER messages_saved AFTER UPDATE OF deleted_at ON messages
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION forget_saved_message();

CREATE FUNCTION forget_saved_by() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM saved_messages WHERE person_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER users_saved AFTER UPDATE OF deleted_at ON users
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION forget_saved_by();
