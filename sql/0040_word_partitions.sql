-- The words of messages are partitioned by ranges of ids: the index of the newest range is small, and cheap to change.
-- Serves: 18

-- The partition `message_words_from_N` has the ids from N on, up to the next one. The last one has no end, so that words
-- have a place even if only servers of the release before run. What there is becomes the first one, and is read once.
-- Servers write words behind the log: meanwhile only searches wait, and the removal of rooms.
LOCK TABLE message_words IN ACCESS EXCLUSIVE MODE;
SELECT set_config('chat.words_end', greatest(((coalesce(max(id), 0) >> 13) + 1) << 13, 1 << 17)::text, true)
FROM message_words;
DROP TRIGGER message_words_bucket ON message_words;
ALTER TABLE message_words RENAME TO message_words_from_0;
ALTER INDEX message_words_pkey RENAME TO message_words_from_0_pkey;
ALTER INDEX message_words_words RENAME TO message_words_from_0_words;
ALTER INDEX message_words_from_0_words SET (gin_pending_list_limit = 4096);

CREATE TABLE message_words (
    id      bigint PRIMARY KEY,
    room_id bigint NOT NULL,
    words   tsvector NOT NULL
) PARTITION BY RANGE (id);
-- What waits to be put in its place in the index is read through by each search: 4 MB are some 10,000 messages. The more
-- of them are put there at once, the fewer pages are written.
CREATE INDEX message_words_words ON message_words USING gin (words) WITH (gin_pending_list_limit = 4096);
CREATE TRIGGER message_words_bucket BEFORE INSERT OR UPDATE OF words ON message_words
    FOR EACH ROW EXECUTE FUNCTION add_bucket();

DO $$
DECLARE
    part_end text := current_setting('chat.words_end');
BEGIN
    EXECUTE format('ALTER TABLE message_words ATTACH PARTITION message_words_from_0 FOR VALUES FROM (MINVALUE) TO (%s)',
        part_end);
    EXECUTE format('CREATE TABLE message_words_from_%s PARTITION OF message_words FOR VALUES FROM (%1$s) TO (MAXVALUE)',
        part_end);
END $$;

-- The partitions with ids from `low` to below `high`, the newest first. `part_end` is NULL for the last one.
CREATE FUNCTION word_partitions(low bigint, high bigint)
RETURNS TABLE (part name, part_start bigint, part_end bigint) LANGUAGE sql STABLE AS $$
    SELECT * FROM (
        SELECT relname, first, lead(first) OVER (ORDER BY first) AS part_end
        FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        CROSS JOIN LATERAL (SELECT substr(relname, length('message_words_from_') + 1)::bigint AS first) AS named
        WHERE inhparent = 'message_words'::regclass
    ) AS placed
    WHERE first < high AND (placed.part_end IS NULL OR placed.part_end > low) ORDER BY first DESC
$$;

-- Gives the last partition an end, and adds an empty one behind it, while there is still half a partition of 131,072 ids
-- before it is needed. Returns from which id on there is something to do again. It waits for running searches, as its
-- caller lets it; new ones wait for it.
CREATE FUNCTION add_word_partition(newest bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    ahead constant bigint := 1 << 16;
    last_start bigint;
    last_end bigint;
BEGIN
    SELECT part_start INTO STRICT last_start FROM word_partitions(0, 9223372036854775807) LIMIT 1;
    IF newest < last_start - ahead THEN
        RETURN last_start - ahead;
    END IF;
    last_end := ((greatest(newest, last_start) >> 17) + 1) << 17;
    EXECUTE format('ALTER TABLE message_words DETACH PARTITION message_words_from_%s', last_start);
    EXECUTE format('ALTER TABLE message_words ATTACH PARTITION message_words_from_%s FOR VALUES FROM (%1$s) TO (%s)',
        last_start, last_end);
    EXECUTE format('CREATE TABLE message_words_from_%s PARTITION OF message_words FOR VALUES FROM (%1$s) TO (MAXVALUE)',
        last_end);
    RETURN last_end - ahead;
END $$;

-- The newest `most` ids from `low` to below `high` in these rooms that match the query. Only `part` of it is looked up
-- in the index, together with `buckets` where a partition goes beyond the bounds. One partition after the other is read, so
-- that none is read that is not needed.
CREATE FUNCTION words_within(
    low bigint, high bigint, part tsquery, buckets tsquery, query tsquery, rooms bigint[], most bigint
) RETURNS SETOF bigint LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_indexscan = off SET enable_bitmapscan = on AS $$
DECLARE
    place record;
    found bigint;
BEGIN
    FOR place IN SELECT * FROM word_partitions(low, high) LOOP
        RETURN QUERY EXECUTE format(
            'SELECT id FROM (
                SELECT id, room_id, words FROM %I WHERE words @@ $1 AND id + 0 >= $2 AND id + 0 < $3 OFFSET 0
            ) AS hits WHERE hits.words @@ $4 AND room_id = ANY ($5) ORDER BY id DESC LIMIT $6', place.part)
            USING CASE WHEN place.part_start >= low AND place.part_end <= high THEN part ELSE part && buckets END,
                low, high, query, rooms, most;
        GET DIAGNOSTICS found = ROW_COUNT;
        most := most - found;
        EXIT WHEN most <= 0;
    END LOOP;
END $$;
