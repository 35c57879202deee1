-- The words of messages, by which they are found. They are written behind the log, by one server at a time.
-- Serves: 8

-- `words` has the room too, as `#7`, and the sender, as `@3`: no word of a text has these signs. `id` is the message's.
CREATE TABLE message_words (
    id      bigint PRIMARY KEY,
    room_id bigint NOT NULL,
    words   tsvector NOT NULL
);
-- What waits to be put in its place in the index is read through by each search: it is kept short.
CREATE INDEX message_words_words ON message_words USING gin (words) WITH (gin_pending_list_limit = 256);

-- At most one row: up to which id of the log all words are there. Messages of before are read from the beginning.
CREATE TABLE words_written (
    id      bigint PRIMARY KEY CHECK (id = 1),
    last_id bigint NOT NULL
);

-- The id of the first message that was said at that time or later; ids ascend as time does, but for clocks that differ.
CREATE FUNCTION id_at(at timestamptz) RETURNS bigint LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    low    bigint := 0;
    high   bigint := (SELECT coalesce(max(id), 0) + 1 FROM messages);
    middle bigint;
    said   record;
BEGIN
    WHILE low < high LOOP
        middle := (low + high) / 2;
        SELECT id, created_at INTO said FROM messages WHERE id >= middle ORDER BY id LIMIT 1;
        IF said.id IS NULL OR said.created_at >= at THEN
            high := middle;
        ELSE
            low := said.id + 1;
        END IF;
    END LOOP;
    RETURN low;
END $$;
