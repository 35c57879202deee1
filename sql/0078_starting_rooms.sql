-- The public rooms of which new people are members from the start.
-- Serves: 18

CREATE TABLE starting_rooms (
    room_id bigint PRIMARY KEY REFERENCES rooms ON DELETE CASCADE
);

-- Triggers, because older servers make rooms private, delete them, and add people too. Who is new joins the rooms by a
-- due item: it is written with the person, so no kill loses it.
CREATE FUNCTION end_start() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM starting_rooms WHERE room_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER rooms_start AFTER UPDATE OF is_private, deleted_at ON rooms
    FOR EACH ROW WHEN (NEW.kind = 'room' AND (NEW.is_private OR NEW.deleted_at IS NOT NULL))
    EXECUTE FUNCTION end_start();

CREATE FUNCTION start_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO due (kind, key, at)
    SELECT 'starting_rooms', NEW.id::text, clock_timestamp() WHERE EXISTS (SELECT FROM starting_rooms);
    RETURN NULL;
END $$;
CREATE TRIGGER users_start AFTER INSERT ON users FOR EACH ROW WHEN (NOT NEW.is_visitor)
    EXECUTE FUNCTION start_person();
