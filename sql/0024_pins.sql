-- Pinned messages: up to 50 of a room. A pin is a change of the log too, of a feature (0023).
-- Serves: 18

-- `pos` is the change that pinned the message, `by_id` who did it. A removed message takes its pin along.
CREATE TABLE pins (
    room_id    bigint NOT NULL,
    seq        bigint NOT NULL,
    pos        bigint NOT NULL,
    by_id      bigint NOT NULL REFERENCES users,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (room_id, seq),
    FOREIGN KEY (room_id, seq) REFERENCES messages (room_id, seq) ON DELETE CASCADE
);

-- A trigger, because older servers delete messages too: a deleted message is not pinned.
CREATE FUNCTION unpin_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM pins WHERE room_id = OLD.room_id AND seq = OLD.seq;
    RETURN NULL;
END $$;
CREATE TRIGGER messages_unpin AFTER UPDATE OF deleted_at ON messages
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION unpin_deleted();
