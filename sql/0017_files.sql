-- Files that people attach to messages: the rows. The bytes lie on a disk, by their SHA-256.
-- Serves: 8

-- As messages tell them, so that nobody who reads a room looks files up: JSON of [[id, name, type, size, width, height]].
ALTER TABLE messages ADD files text;

-- `seq` is the message that has the file; NULL: it waits for one. Rooms and people are no foreign keys: their checks
-- would lock rows that every message of the room needs.
CREATE TABLE files (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    room_id    bigint NOT NULL,
    owner_id   bigint NOT NULL,
    seq        bigint,
    name       text NOT NULL,
    type       text NOT NULL,
    size       bigint NOT NULL,
    width      bigint,
    height     bigint,
    digest     bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX files_digest ON files (digest);
CREATE INDEX files_message ON files (room_id, seq) WHERE seq IS NOT NULL;
CREATE INDEX files_waiting ON files (created_at) WHERE seq IS NULL;

-- One row: what the directory with the bytes is marked with, so that no other database's servers tidy it up.
CREATE TABLE file_store (
    id       bigint PRIMARY KEY CHECK (id = 1),
    store_id uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO file_store (id) VALUES (1);

-- A trigger, because older servers delete messages too: nobody gets a file of a deleted message, nor reads its name.
CREATE FUNCTION forget_files() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM files WHERE room_id = NEW.room_id AND seq = NEW.seq;
    NEW.files := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER messages_forget_files BEFORE UPDATE OF deleted_at ON messages
    FOR EACH ROW WHEN (OLD.files IS NOT NULL AND OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL)
    EXECUTE FUNCTION forget_files();
