-- Imports: history that was written elsewhere. Its times are older than its place in the log.
-- Serves: 18

-- Ids of the log that imports have taken, from `first_id` up to before `end_id`. Nobody is notified of these messages, and
-- their times are in order among themselves alone.
CREATE TABLE imported_ids (
    first_id bigint PRIMARY KEY,
    end_id   bigint NOT NULL CHECK (end_id > first_id)
);

-- `source` is where an import comes from: the same source again adds what is new. `digest` is the archive's whose import is
-- under way, `next_id` the next id that it takes of its own, `lines` how many lines of its log are committed.
CREATE TABLE imports (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source   text NOT NULL UNIQUE,
    is_whole boolean NOT NULL,  -- a server's archive, into an empty server: all numbers are kept
    digest   bytea,
    lines    bigint NOT NULL DEFAULT 0,
    first_id bigint,
    end_id   bigint,
    next_id  bigint,
    begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz
);

-- Who and what of a source became which account and which room, by the source's own keys. `last_at` is the time of the
-- newest message that the room has of this source. `opened_by` is the digest of the archive that made the room; until then
-- there is no room, and its messages wait for it.
CREATE TABLE imported_people (
    import_id bigint NOT NULL REFERENCES imports ON DELETE CASCADE,
    key       text NOT NULL,
    person_id bigint NOT NULL,
    is_new    boolean NOT NULL,
    PRIMARY KEY (import_id, key)
);
CREATE TABLE imported_rooms (
    import_id bigint NOT NULL REFERENCES imports ON DELETE CASCADE,
    key       text NOT NULL,
    room_id   bigint NOT NULL,
    last_at   timestamptz,
    opened_by bytea,
    PRIMARY KEY (import_id, key)
);

-- The end of the imported ids that contain this one; NULL: it is none of them.
CREATE FUNCTION imported_end(of_id bigint) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT end_id FROM (
        SELECT end_id FROM imported_ids WHERE first_id <= of_id ORDER BY first_id DESC LIMIT 1
    ) AS before WHERE end_id > of_id
$$;

-- The first id from `low` on, and below `high`, of a message that was sent at this time or later; `high`: there is none.
-- Times ascend with ids there, but for imported messages, which are passed over unless `low` is one of them.
CREATE FUNCTION id_at_within(at timestamptz, low bigint, high bigint) RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    among  bigint := imported_end(low);
    middle bigint;
    place  bigint;
    said   record;
BEGIN
    WHILE low < high LOOP
        middle := (low + high) / 2;
        place := middle;
        LOOP
            SELECT id, created_at INTO said FROM messages WHERE id >= place ORDER BY id LIMIT 1;
            EXIT WHEN said.id IS NULL OR among IS NOT NULL;
            place := imported_end(said.id);
            EXIT WHEN place IS NULL;
        END LOOP;
        IF said.id IS NULL OR said.id >= high OR said.created_at >= at THEN
            high := middle;
        ELSE
            low := said.id + 1;
        END IF;
    END LOOP;
    RETURN low;
END $$;

CREATE OR REPLACE FUNCTION id_at(at timestamptz) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT id_at_within(at, 0, (SELECT coalesce(max(id), 0) + 1 FROM messages))
$$;

-- Where in the log messages of these times are (NULL: unbounded), below an id, the newest first: from `low` up to before
-- `high`. Without imports it is one place.
CREATE FUNCTION ids_between(since timestamptz, before timestamptz, below bigint) RETURNS TABLE (low bigint, high bigint)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    own_low  bigint := CASE WHEN since IS NULL THEN 0 ELSE id_at(since) END;
    own_high bigint := CASE WHEN before IS NULL THEN below ELSE least(below, id_at(before)) END;
    part     imported_ids;
BEGIN
    IF since IS NULL AND before IS NULL THEN
        RETURN QUERY SELECT 0::bigint, below;
        RETURN;
    END IF;
    FOR part IN SELECT * FROM imported_ids WHERE first_id < below ORDER BY first_id DESC LOOP
        low := greatest(own_low, part.end_id);
        high := own_high;
        IF low < high THEN
            RETURN NEXT;
        END IF;
        own_high := least(own_high, part.first_id);
        low := CASE WHEN since IS NULL THEN part.first_id ELSE id_at_within(since, part.first_id, part.end_id) END;
        high := least(below, CASE WHEN before IS NULL THEN part.end_id
                             ELSE id_at_within(before, part.first_id, part.end_id) END);
        IF low < high THEN
            RETURN NEXT;
        END IF;
    END LOOP;
    low := own_low;
    high := own_high;
    IF low < high THEN
        RETURN NEXT;
    END IF;
END $$;
