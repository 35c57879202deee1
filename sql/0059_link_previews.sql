-- Link previews: what a linked page says of itself, with its message.
-- Serves: 18

-- `preview` is JSON as in the log, `change_id` the entry of the log that has it, `file_id` its picture. No foreign keys:
-- their checks would lock rows that every message of the room needs.
CREATE TABLE link_previews (
    room_id   bigint NOT NULL,
    seq       bigint NOT NULL,
    change_id bigint NOT NULL,
    file_id   bigint,
    preview   jsonb NOT NULL,
    PRIMARY KEY (room_id, seq)
);

-- Nobody gets a preview that was removed, nor its picture: the entry of the log says from then on that there is none.
CREATE FUNCTION forget_preview() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE changes SET data = data - 'preview' WHERE id = OLD.change_id;
    DELETE FROM files WHERE id = OLD.file_id;
    RETURN NULL;
END $$;
CREATE TRIGGER link_previews_forget AFTER DELETE ON link_previews FOR EACH ROW EXECUTE FUNCTION forget_preview();

-- A trigger, because older servers delete messages too.
CREATE FUNCTION remove_preview() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM link_previews WHERE room_id = NEW.room_id AND seq = NEW.seq;
    RETURN NULL;
END $$;
CREATE TRIGGER messages_remove_preview AFTER UPDATE OF deleted_at ON messages
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL)
    EXECUTE FUNCTION remove_preview();
