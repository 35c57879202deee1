-- Retention: how long messages are kept, in which room, and what is on hold. What is too old is removed in steps.
-- Serves: 18

-- All messages below `first_seq` are removed; the published changes announce it up to `announced_seq`. `keep_days` is how
-- long messages of this room are kept (NULL: as on the server, 0: for ever), set at `keep_set_at`, perhaps by an admin.
ALTER TABLE rooms
    ADD first_seq bigint NOT NULL DEFAULT 1,
    ADD announced_seq bigint NOT NULL DEFAULT 1,
    ADD keep_days integer CHECK (keep_days >= 0),
    ADD keep_set_at timestamptz,
    ADD kept_by_admin boolean NOT NULL DEFAULT false;
CREATE INDEX rooms_unannounced ON rooms (id) WHERE announced_seq < first_seq;

-- Of what is on hold nothing is removed. `target_id` is a person's or a room's, 0 for the server.
CREATE TABLE retention_holds (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('server', 'room', 'person')),
    target_id  bigint NOT NULL DEFAULT 0,
    reason     text NOT NULL,
    by_id      bigint REFERENCES users,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (kind, target_id),
    CHECK ((kind = 'server') = (target_id = 0))
);

-- The texts of messages on hold that somebody deletes, with their earlier texts, until the hold is lifted. `digests` are
-- those of files.
CREATE TABLE held_texts (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    room_id    bigint NOT NULL,
    seq        bigint NOT NULL,
    sender_id  bigint NOT NULL,
    text       text NOT NULL,
    created_at timestamptz NOT NULL,
    digests    bytea[],
    removed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- A trigger, because older servers delete messages too. By its name it runs before the one that removes the files.
CREATE FUNCTION hold_texts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM retention_holds
        WHERE kind = 'server' OR (kind = 'room' AND target_id = OLD.room_id)
            OR (kind = 'person' AND target_id = OLD.sender_id)
    ) THEN
        INSERT INTO held_texts (room_id, seq, sender_id, text, created_at)
        SELECT room_id, seq, OLD.sender_id, text, created_at FROM edits
        WHERE room_id = OLD.room_id AND seq = OLD.seq ORDER BY pos;
        INSERT INTO held_texts (room_id, seq, sender_id, text, created_at, digests)
        VALUES (OLD.room_id, OLD.seq, OLD.sender_id, OLD.text, coalesce(OLD.edited_at, OLD.created_at),
                ARRAY(SELECT digest FROM files WHERE room_id = OLD.room_id AND seq = OLD.seq ORDER BY id));
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER messages_before_forgetting BEFORE UPDATE OF deleted_at ON messages
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION hold_texts();

-- A removed account whose person was on hold: the name goes when the rest does.
ALTER TABLE account_removals ADD keeps_name boolean NOT NULL DEFAULT false;

-- At most one row: the server that removes, and until when no other one does. Each step locks it FOR SHARE, and who places a
-- hold FOR UPDATE: so once a hold is placed, no step that began before it goes on.
CREATE TABLE retention_state (
    id            bigint PRIMARY KEY CHECK (id = 1),
    claimed_by    bigint,
    claimed_until timestamptz,
    rooms_waiting bigint NOT NULL DEFAULT 0
);

-- How many rows were removed by now, by kind.
CREATE TABLE retention_counts (
    kind    text PRIMARY KEY,
    removed bigint NOT NULL
);

-- As in 0002, but a message that is not there was removed, as all before it: it is not newer than any id.
CREATE OR REPLACE FUNCTION seq_up_to(of_room bigint, newest_id bigint, low bigint, high bigint) RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    middle bigint := high;  -- the end first: mostly that is what is asked for
    its_id bigint;
BEGIN
    IF newest_id <= 0 THEN
        RETURN low;
    END IF;
    WHILE low < high LOOP
        SELECT m.id INTO its_id FROM messages m WHERE m.room_id = of_room AND m.seq = middle;
        IF coalesce(its_id, 0) <= newest_id THEN
            low := middle;
        ELSE
            high := middle - 1;
        END IF;
        middle := (low + high + 1) / 2;
    END LOOP;
    RETURN low;
END $$;
