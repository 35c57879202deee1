-- Messages that people have written to be sent later: at most 50 of each.
-- Serves: 18

-- A message that was sent has no row any more. `sending`: it may be in the log, under its key, so nothing of it changes before
-- that is known. A person has one due item (kind `scheduled`, the person's id as key), for the earliest of theirs.
CREATE TABLE scheduled_messages (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    room_id   bigint NOT NULL REFERENCES rooms ON DELETE CASCADE,
    key       text NOT NULL,
    text      text NOT NULL,
    reply     bigint,
    send_at   timestamptz NOT NULL,
    state     text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sending', 'refused')),
    code      text,
    reason    text,
    error     text,
    made_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (person_id, key),
    CHECK ((state = 'refused') = (code IS NOT NULL AND error IS NOT NULL))
);
CREATE INDEX scheduled_messages_person ON scheduled_messages (person_id, send_at);
CREATE INDEX scheduled_messages_room ON scheduled_messages (room_id);

-- A trigger, because older servers delete accounts too.
CREATE FUNCTION forget_scheduled_by() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM scheduled_messages WHERE person_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER users_scheduled AFTER UPDATE OF deleted_at ON users
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION forget_scheduled_by();
