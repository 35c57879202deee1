"""The statements of `queries.py`.

A scan from the newest message finds frequent words quickly, the index finds rare words quickly. The wrong choice takes
seconds, and PostgreSQL's planner can't know. So the newest messages are scanned first. If they do not have enough
matches, a sample estimates which way is faster, and for which part of the query the index has the fewest entries.

The index is read in windows of buckets, from the newest to older ones: a bucket is one more word of each message, so
PostgreSQL reads no message outside the window (docs/decisions/0051-search-by-buckets.md). Only the partitions in the
window are read, the newest first (sql/0040_word_partitions.sql).
"""

from chat.storage.postgres.timeline_queries import MESSAGE, MINE

NEWEST = 3000
"""The newest messages, which are scanned before anything else."""

BUCKET_BITS = 16
"""Ids without their lowest bits are the bucket, as in `add_bucket` (sql/0029_search_buckets.sql)."""

_PLACES = 50
_AT_EACH = 40
"""A sample takes `_AT_EACH` messages at each of `_PLACES` places, which are spread evenly over all ids."""

# $1 is the person, $2 the query, $3 the room or NULL, $4 and $5 bound the ids (from, below), and $6 is the limit. $2 is
# a tsquery already: a cast from text would be evaluated for each row. `id + 0` keeps the planner from using the index
# on ids, which it may estimate as faster.
_MINE = f"""{MINE}, inside AS MATERIALIZED (
    SELECT id FROM mine WHERE $3::bigint IS NULL OR id = $3
)"""

# Where messages of these times are: in one place, and in one more for each import.
PLACES = "SELECT low, high FROM ids_between(to_timestamp($1::float8), to_timestamp($2::float8), $3::bigint)"

# Scans the newest $9 messages: the ids of the matches, how many messages were scanned, and their lowest id. If there
# are fewer than $6 matches, it also takes a sample from all times, because the newest messages may all be of one person
# or room. Of the sample it returns: in how many messages each part $7 of the query occurs, how many are in the person's
# rooms, and how many match. It also returns these rooms, at most $8.
AMONG_NEWEST = f"""
WITH {_MINE}, newest AS MATERIALIZED (
    SELECT id, room_id, words FROM message_words
    WHERE id >= $4::bigint AND id < $5::bigint ORDER BY id DESC LIMIT $9
), found AS MATERIALIZED (
    SELECT newest.id FROM newest JOIN inside ON inside.id = newest.room_id WHERE newest.words @@ $2::tsquery
    ORDER BY newest.id DESC LIMIT $6
), looked AS MATERIALIZED (
    SELECT count(*) AS looked, min(id) AS lowest, max(id) AS highest, (SELECT count(*) FROM found) < $6 AS is_short,
        greatest($4::bigint, (SELECT min(id) FROM message_words)) AS first
    FROM newest
), sample AS MATERIALIZED (
    SELECT inside.id IS NOT NULL AS is_mine, words
    FROM looked CROSS JOIN generate_series(0, {_PLACES - 1}) AS place CROSS JOIN LATERAL (
        SELECT room_id, words FROM message_words
        WHERE message_words.id >= first + (lowest - first) * place / {_PLACES} AND message_words.id < $5::bigint
        ORDER BY message_words.id LIMIT {_AT_EACH}
    ) AS there LEFT JOIN inside ON inside.id = there.room_id
)
SELECT looked, lowest, highest - lowest + 1 AS span, lowest - first AS below, ARRAY(SELECT id FROM found) AS ids,
    CASE WHEN is_short THEN ARRAY(
        SELECT (SELECT count(*) FROM sample WHERE words @@ part)
        FROM unnest($7::tsquery[]) WITH ORDINALITY AS asked(part, nth) ORDER BY nth
    ) END AS counts,
    CASE WHEN is_short THEN (SELECT count(*) FROM sample) END AS sampled,
    CASE WHEN is_short THEN (SELECT count(*) FROM sample WHERE is_mine) END AS inside,
    CASE WHEN is_short THEN (SELECT count(*) FROM sample WHERE is_mine AND words @@ $2::tsquery) END AS hits,
    CASE WHEN is_short THEN ARRAY(SELECT id FROM inside LIMIT $8) END AS rooms,
    coalesce((SELECT bucketed_from FROM words_written WHERE id = 1), 0) AS bucketed_from
FROM looked"""

# Scans the next $7 messages in order, without materialising them; stops after the last match that is wanted.
AMONG_MORE = f"""
WITH {_MINE}
SELECT newest.id FROM (
    SELECT id, room_id, words @@ $2::tsquery AS fits FROM message_words
    WHERE id >= $4::bigint AND id < $5::bigint ORDER BY id DESC LIMIT $7
) AS newest WHERE newest.fits AND newest.room_id = ANY(ARRAY(SELECT id FROM inside))
ORDER BY newest.id DESC LIMIT $6"""

# Looks only $7 up in the index, one part of the query, and the buckets $8 where a partition goes beyond the window; it
# filters the hits by the whole query.
BY_INDEX = f"""
WITH {_MINE}
SELECT id FROM words_within(
    $4::bigint, $5::bigint, $7::tsquery, $8::tsquery, $2::tsquery, ARRAY(SELECT id FROM inside), $6::bigint
) AS id"""

# Each id is looked up alone, so that PostgreSQL reads only its partition.
BEST_FIRST = """
SELECT found.id FROM unnest($1::bigint[]) AS asked(id)
CROSS JOIN LATERAL (SELECT id, words FROM message_words WHERE id = asked.id LIMIT 1) AS found
ORDER BY ts_rank(found.words, $2::tsquery) DESC, found.id DESC"""

# $1 is the person, $2 are the ids in the order of the result.
FOUND = f"""
SELECT m.room_id, {MESSAGE}
FROM (
    SELECT message.*, asked.nth, row_number() OVER front AS place,
           sum(octet_length(to_json(message.text)::text) + coalesce(octet_length(message.files), 0)) OVER front AS total
    FROM unnest($2::bigint[]) WITH ORDINALITY AS asked(id, nth)
    CROSS JOIN LATERAL (SELECT * FROM messages WHERE id = asked.id AND deleted_at IS NULL LIMIT 1) AS message
    CROSS JOIN LATERAL (SELECT FROM rooms WHERE id = message.room_id AND deleted_at IS NULL LIMIT 1) AS there
    WINDOW front AS (ORDER BY asked.nth ROWS UNBOUNDED PRECEDING)
) AS m
LEFT JOIN LATERAL (SELECT name FROM users WHERE id = m.sender_id LIMIT 1) AS sender ON true
WHERE m.total <= $3::bigint OR m.place = 1
ORDER BY m.nth"""

# --- writing the index ---

_LOCK = 0x776F7264  # "word"

TRY_LOCK = f"SELECT pg_try_advisory_xact_lock({_LOCK})"
LOCK = f"SELECT pg_advisory_xact_lock({_LOCK})"
WRITTEN = """
SELECT coalesce(w.last_id, 0) AS written, coalesce(w.bucketed_from, 0) AS bucketed_from,
    coalesce(w.marked_from, 0) AS marked_from, lanes.last_id AS newest
FROM lanes LEFT JOIN words_written w ON w.id = 1 WHERE lanes.id = 1"""

# The messages that were sent, edited or deleted after the id $1, in their current state. Other changes have no text.
LOG = """
SELECT id, message_id, room_id, sender_id, text, files, is_deleted FROM (
    SELECT entry.*, row_number() OVER front AS place,
           sum(coalesce(octet_length(text), 0) + coalesce(octet_length(files), 0)) OVER front AS total
    FROM (
        (SELECT id, id AS message_id, room_id, sender_id, text, files,
                deleted_at IS NOT NULL OR kind <> 'message' AS is_deleted
         FROM messages WHERE id > $1 ORDER BY messages.id LIMIT $2::bigint)
        UNION ALL
        (SELECT changes.id, m.id, m.room_id, m.sender_id, m.text, m.files, m.deleted_at IS NOT NULL
         FROM changes
         LEFT JOIN messages m
             ON m.room_id = changes.room_id AND m.seq = changes.seq AND changes.kind IN ('edited', 'deleted')
         WHERE changes.id > $1 ORDER BY changes.id LIMIT $2::bigint)
        ORDER BY id LIMIT $2::bigint
    ) AS entry
    WINDOW front AS (ORDER BY entry.id ROWS UNBOUNDED PRECEDING)
) AS counted WHERE total <= $3::bigint OR place = 1
ORDER BY id"""

FORGET_RANGE = """
DELETE FROM message_words WHERE id IN (SELECT id FROM messages WHERE room_id = $1 AND seq > $2 AND seq <= $3)"""
FORGET = "DELETE FROM message_words WHERE id = ANY($1::bigint[])"
# The next rows of this transaction have their bucket, so the trigger adds none.
WITH_BUCKETS = "SET LOCAL chat.has_bucket = 'on'"
WRITE = """
INSERT INTO message_words (id, room_id, words)
SELECT id, room_id, words::tsvector FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS made(id, room_id, words)
ON CONFLICT (id) DO UPDATE SET words = excluded.words"""
# The trigger adds the bucket; the newest $2 messages below the id $1.
BUCKET = """
WITH older AS MATERIALIZED (SELECT id FROM message_words WHERE id < $1::bigint ORDER BY id DESC LIMIT $2::bigint),
done AS (UPDATE message_words SET words = words WHERE id IN (SELECT id FROM older)),
lowest AS (SELECT coalesce(min(id), 0) AS id FROM older)
UPDATE words_written SET bucketed_from = lowest.id FROM lowest WHERE words_written.id = 1
RETURNING bucketed_from"""
# Messages with files or links below the id $1 that lack their marks, the newest $3 among $2 ids.
UNMARKED = """
SELECT m.id, m.id AS message_id, m.room_id, m.sender_id, m.text, m.files, false AS is_deleted
FROM messages m JOIN message_words w ON w.id = m.id
WHERE m.id < $1::bigint AND m.id >= $1::bigint - $2::bigint AND (m.files IS NOT NULL OR m.text ~* 'https?://[^[:space:]]')
    AND m.deleted_at IS NULL AND m.kind = 'message' AND NOT w.words @@ '''=file'' | ''=link'''::tsquery
ORDER BY m.id DESC LIMIT $3::bigint"""
MARKED_FROM = "UPDATE words_written SET marked_from = $1 WHERE id = 1"
# A search holds a lock for two seconds at most, a dump for hours: new searches wait for as long as this does.
BEGIN_SHORTLY = "SET LOCAL lock_timeout = '100ms'"
ADD_PARTITION = "SELECT add_word_partition($1)"
GO_ON = """
INSERT INTO words_written (id, last_id) VALUES (1, $1)
ON CONFLICT (id) DO UPDATE SET last_id = excluded.last_id"""
