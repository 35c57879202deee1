-- Folders: own sections of a person's list of rooms.
-- Serves: 18

-- All folders of a person are one row: they are read and changed as a whole, and `version` says which is the later one.
-- `made` counts the folders that there ever were: a new one has the next id. `folders` is JSON of [{id, name, rooms}].
CREATE TABLE room_folders (
    person_id bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    version   bigint NOT NULL,
    made      bigint NOT NULL,
    folders   text NOT NULL
);

-- A trigger, because older servers delete accounts too.
CREATE FUNCTION forget_folders() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM room_folders WHERE person_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER users_folders AFTER UPDATE OF deleted_at ON users
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION forget_folders();
