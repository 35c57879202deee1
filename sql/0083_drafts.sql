-- What people have typed and not sent, so that it follows them to other devices.
-- Serves: 18

-- An empty text stays for as long as others: without it a device that was offline would bring back what was sent since.
CREATE TABLE drafts (
    person_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    room_id   bigint NOT NULL REFERENCES rooms ON DELETE CASCADE,
    thread    bigint NOT NULL DEFAULT 0,  -- the seq of its first message; 0: in the room
    text      text NOT NULL,
    reply     bigint,
    typed_at  timestamptz NOT NULL,
    PRIMARY KEY (person_id, room_id, thread)
);
CREATE INDEX drafts_room ON drafts (room_id);

-- Triggers, because older servers delete accounts and rooms too.
CREATE FUNCTION forget_drafts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_ARGV[0] = 'person' THEN
        DELETE FROM drafts WHERE person_id = NEW.id;
    ELSE
        DELETE FROM drafts WHERE room_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER users_drafts AFTER UPDATE OF deleted_at ON users
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION forget_drafts('person');
CREATE TRIGGER rooms_drafts AFTER UPDATE OF deleted_at ON rooms
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION forget_drafts('room');
