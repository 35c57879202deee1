-- Pictures of people, of rooms and of the server. A row of `files` keeps the bytes of each, also for servers, backups and
-- exports that know no pictures: it belongs to no room and to no message (`room_id` and `seq` are 0).
-- Serves: 18

-- The SHA-256 of the picture, in hex, where everybody who reads a person or a room finds it.
ALTER TABLE users ADD picture text;
ALTER TABLE rooms ADD picture text;

CREATE TABLE pictures (
    kind      text NOT NULL CHECK (kind IN ('person', 'room', 'server')),
    target_id bigint NOT NULL,  -- 0 for the server
    digest    bytea NOT NULL,
    file_id   bigint NOT NULL,
    PRIMARY KEY (kind, target_id)
);
CREATE INDEX pictures_digest ON pictures (digest);

CREATE FUNCTION forget_file_of_picture() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM files WHERE id = OLD.file_id;
    RETURN NULL;
END $$;
CREATE TRIGGER pictures_replaced AFTER UPDATE OF file_id ON pictures
    FOR EACH ROW WHEN (NEW.file_id <> OLD.file_id) EXECUTE FUNCTION forget_file_of_picture();
CREATE TRIGGER pictures_removed AFTER DELETE ON pictures FOR EACH ROW EXECUTE FUNCTION forget_file_of_picture();

-- Triggers, because older servers delete people and rooms too.
CREATE FUNCTION forget_picture() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM pictures WHERE kind = TG_ARGV[0] AND target_id = NEW.id;
    NEW.picture := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER users_forget_picture BEFORE UPDATE OF deleted_at ON users
    FOR EACH ROW WHEN (NEW.deleted_at IS NOT NULL AND NEW.picture IS NOT NULL) EXECUTE FUNCTION forget_picture('person');
CREATE TRIGGER rooms_forget_picture BEFORE UPDATE OF deleted_at ON rooms
    FOR EACH ROW WHEN (NEW.deleted_at IS NOT NULL AND NEW.picture IS NOT NULL) EXECUTE FUNCTION forget_picture('room');

CREATE TRIGGER users_changed_picture BEFORE UPDATE OF picture ON users
    FOR EACH ROW WHEN (NEW.picture IS DISTINCT FROM OLD.picture) EXECUTE FUNCTION note_profile_change();
