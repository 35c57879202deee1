-- Long rooms: paging from the middle, overviews, what was missed, and a deletion that nobody waits for.

-- A deleted room is not there for anybody; a background task removes what was in it. `last_seq` then counts down:
-- what is above it has been removed.
ALTER TABLE rooms ADD deleted_at timestamptz;
CREATE INDEX rooms_deleted ON rooms (id) WHERE deleted_at IS NOT NULL;

-- Who sent the newest message, and the seq of the newest by anybody else: in a conversation of two, both sides'
-- newest. So nobody walks through thousands of one side's messages to learn that the other said nothing.
ALTER TABLE rooms ADD last_sender_id bigint, ADD last_other_seq bigint NOT NULL DEFAULT 0;

-- The highest id of all messages when a support conversation was last spoken in: the order of the overview.
ALTER TABLE rooms ADD spoken_after_id bigint;
CREATE INDEX rooms_spoken ON rooms (spoken_after_id) WHERE spoken_after_id IS NOT NULL;

UPDATE rooms SET
    last_sender_id = last.sender_id,
    last_other_seq = coalesce((SELECT max(m.seq) FROM messages m
                               WHERE m.room_id = rooms.id AND m.sender_id <> last.sender_id), 0),
    spoken_after_id = CASE WHEN rooms.kind = 'support' THEN last.id - 1 END
FROM messages last
WHERE rooms.kind IN ('direct', 'support') AND last.room_id = rooms.id AND last.seq = rooms.last_seq;

-- A message is inserted by the statement that raises its room's last_seq, and nothing else makes one: it can't be
-- without its room. The key would look for messages once more when the room is removed at last, through the index
-- entries of all that just were.
ALTER TABLE messages DROP CONSTRAINT messages_room_id_fkey;

-- The seq of a room's newest message with an id up to `newest_id`, between `low` (known not to be too high) and
-- `high` (the room's last seq). Ids ascend with seq in a room and seq has no gaps, so a binary search on the key
-- (room_id, seq) finds it, and commits need not maintain another index.
CREATE FUNCTION seq_up_to(of_room bigint, newest_id bigint, low bigint, high bigint) RETURNS bigint
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
        IF its_id <= newest_id THEN
            low := middle;
        ELSE
            high := middle - 1;
        END IF;
        middle := (low + high + 1) / 2;
    END LOOP;
    RETURN low;
END $$;
