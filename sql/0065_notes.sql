-- Private notes: what operators write to each other beside a support conversation. No message, and in no log.
-- Serves: 18

-- `seq` is the conversation's newest message when the note was written: it is shown behind that one, and is removed with it.
-- `removed_at`: its author has removed it, but it is on hold.
CREATE TABLE notes (
    id         bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    room_id    bigint NOT NULL,
    seq        bigint NOT NULL,
    author_id  bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    text       text NOT NULL CHECK (length(text) BETWEEN 1 AND 4000),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    removed_at timestamptz,
    FOREIGN KEY (room_id, seq) REFERENCES messages (room_id, seq) ON DELETE CASCADE
);
CREATE INDEX notes_message ON notes (room_id, seq);
CREATE INDEX notes_room ON notes (room_id, id);
CREATE INDEX notes_author ON notes (author_id);
CREATE INDEX notes_removed ON notes (room_id) WHERE removed_at IS NOT NULL;

CREATE FUNCTION is_note_held(room bigint, author bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM retention_holds AS hold WHERE hold.kind = 'server' OR (hold.kind = 'room' AND target_id = room)
            OR (hold.kind = 'person' AND target_id IN (author, (SELECT creator_id FROM rooms WHERE id = room)))
    )
$$;

-- A lifted hold lets go what its author has removed meanwhile.
CREATE FUNCTION release_notes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM notes WHERE removed_at IS NOT NULL AND NOT is_note_held(room_id, author_id);
    RETURN NULL;
END $$;
CREATE TRIGGER retention_holds_notes AFTER DELETE ON retention_holds
    FOR EACH STATEMENT EXECUTE FUNCTION release_notes();
