-- Group direct messages: private rooms of a few people, which nobody else can join.
-- Serves: 18

-- The ids of the people in ascending order, as '3,5,9': the same people have one room. Once one of them has left, or the
-- room is deleted, it is 'left ' and the room's id: the room goes on, and the same people open another one.
ALTER TABLE rooms ADD people_key text;
CREATE UNIQUE INDEX rooms_people ON rooms (people_key) WHERE people_key IS NOT NULL;

-- Triggers, because older servers end memberships and rooms too.
CREATE FUNCTION free_people() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE rooms SET people_key = 'left ' || id
    WHERE id IN (SELECT room_id FROM ended) AND people_key IS NOT NULL AND people_key NOT LIKE 'left %';
    RETURN NULL;
END $$;
CREATE TRIGGER memberships_people AFTER DELETE ON memberships
    REFERENCING OLD TABLE AS ended FOR EACH STATEMENT EXECUTE FUNCTION free_people();

-- The name of such a room is made of names and is nobody's choice, so it takes no name from others: its key is its own.
CREATE FUNCTION keep_people() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.deleted_at IS NOT NULL THEN
        NEW.people_key := 'left ' || NEW.id;
    ELSIF NEW.name = OLD.name THEN
        NEW.name_key := OLD.name_key;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rooms_people BEFORE UPDATE OF deleted_at, name_key ON rooms
    FOR EACH ROW WHEN (OLD.people_key IS NOT NULL) EXECUTE FUNCTION keep_people();
