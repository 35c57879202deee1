-- What whoever runs the server can do about it: invite people, take messages away, end rooms.

-- An invite's code is known to whoever has it; here is only its digest. Each registration uses it up once.
CREATE TABLE invites (
    digest     bytea PRIMARY KEY,
    uses_left  integer NOT NULL CHECK (uses_left >= 0),
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- A deleted message keeps its place, so that `seq` has no gap; its text is gone, and nobody is told it again.
ALTER TABLE messages ADD deleted_at timestamptz, ADD CHECK (deleted_at IS NULL OR text = '');

-- Sent with the commit, whoever makes it: connections that are in the room are outside then.
CREATE FUNCTION tell_of_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('chat_rooms', NEW.id::text);
    RETURN NULL;
END $$;
CREATE TRIGGER rooms_tell AFTER UPDATE OF deleted_at ON rooms
    FOR EACH ROW WHEN (NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION tell_of_room();
