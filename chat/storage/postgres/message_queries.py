"""The statements of `messages.py` and `saving.py`: each reads about as many rows as it returns, however long the room.

`seq` counts a room's messages without a gap, so a stretch of a room is a range of the key (room_id, seq), and how
many rows it has is known before any is read. `seq_up_to` (sql/0002) finds the seq that an id stands at. A LATERAL
query with a LIMIT is a look-up for each row: no plan can make it a join that reads all messages.
"""


# One statement is one transaction and one round trip. It takes its locks in one order: the log, then the rooms by their
# ids, so whoever waits for the log holds nothing. Each room's counters are raised once, by its share of the batch. A
# draft's numbers are where the counters were plus its place, so only that is returned: the caller counts on. A draft
# whose room is gone or archived finds nothing to join with, and takes no number.
#
# `share` says of each room how many drafts there are, who sent the last, and the place of the last draft by anybody
# else, 0 where there is none. `draft` are those to be inserted: `place` counts in their room, `nth` in the batch.
def _locked(condition: str) -> str:
    return f"""
log AS MATERIALIZED (
    SELECT last_id FROM lanes WHERE id = 1 FOR NO KEY UPDATE
), locked AS MATERIALIZED (
    SELECT rooms.id FROM log CROSS JOIN rooms
    WHERE rooms.id = ANY($1::bigint[]) AND rooms.deleted_at IS NULL{condition}
    ORDER BY rooms.id FOR NO KEY UPDATE OF rooms
)"""


_SPOKEN_IN = _locked(" AND rooms.archived_at IS NULL")

# What few messages have is in the statement of their batches alone. Mentions are array literals: an array of arrays
# would have to be a rectangle.
_MENTIONED = """, mentioned AS (
    INSERT INTO mentions (room_id, person_id, seq, id, sender_id)
    SELECT room_id, person_id, seq, id, sender_id FROM saved CROSS JOIN LATERAL unnest(mentions) AS person_id
    WHERE person_id <> sender_id
)"""


_ATTACHED = """, attached AS (
    UPDATE files SET seq = saved.seq
    FROM saved CROSS JOIN LATERAL json_array_elements(saved.files::json) AS file
    WHERE files.id = (file->>0)::bigint
)"""


def _saved(*, with_references: bool = False, with_files: bool = False) -> str:
    """Return what counts and inserts the rows of `draft`."""
    columns, values = (
        (", reply_seq, mentions", ", draft.reply_seq, draft.mentions::bigint[]")
        if with_references
        else ("", "")
    )
    if with_files:
        columns, values = f"{columns}, files", f"{values}, draft.files"
    returned = (", seq, id, mentions" if with_references else "") + (", files" if with_files else "")
    return f"""
counted AS (
    UPDATE rooms SET
        last_seq = last_seq + share.size,
        last_pos = last_pos + share.size,
        last_sender_id = share.last_sender,
        last_other_seq = CASE
            WHEN share.last_other > 0 THEN last_seq + share.last_other
            WHEN last_sender_id = share.last_sender THEN last_other_seq
            ELSE last_seq
        END,
        spoken_after_id = CASE WHEN kind = 'support' THEN (SELECT last_id FROM log) END
    FROM share JOIN locked ON locked.id = share.room_id
    WHERE rooms.id = locked.id
    RETURNING rooms.id AS room_id, share.size, rooms.last_seq - share.size AS seq, rooms.last_pos - share.size AS pos
), saved AS (
    INSERT INTO messages (id, room_id, seq, pos, sender_id, kind, text, created_at, client_key, key_digest{columns})
    SELECT log.last_id + row_number() OVER (ORDER BY draft.nth), counted.room_id, counted.seq + draft.place,
           counted.pos + draft.place, draft.sender_id, draft.kind, draft.text, to_timestamp(draft.created_at),
           draft.client_key, draft.key_digest{values}
    FROM draft JOIN counted USING (room_id) CROSS JOIN log
    RETURNING room_id, kind, sender_id{returned}
), joined AS (
    INSERT INTO memberships (room_id, user_id)
    SELECT room_id, sender_id FROM saved WHERE kind = 'join'
    ON CONFLICT DO NOTHING
), written AS (
    UPDATE lanes SET last_id = log.last_id + (SELECT coalesce(sum(size), 0) FROM counted) FROM log WHERE id = 1
){_MENTIONED if with_references else ""}{_ATTACHED if with_files else ""}"""


LOCK = f"""
WITH {_locked("")}
SELECT last_id, (SELECT count(*) FROM locked) AS rooms FROM log"""

# Which of these rooms are there: in those nothing can be said because they are archived.
THERE = "SELECT id FROM rooms WHERE id = ANY($1::bigint[]) AND deleted_at IS NULL"

# Which of these are members, and who may not become one.
MEMBERS = """
SELECT room_id, user_id, false AS is_banned FROM unnest($1::bigint[], $2::bigint[]) AS wanted(room_id, user_id)
JOIN memberships USING (room_id, user_id) JOIN rooms ON rooms.id = room_id
WHERE rooms.deleted_at IS NULL
UNION ALL
SELECT room_id, user_id, true FROM unnest($1::bigint[], $2::bigint[]) AS wanted(room_id, user_id)
JOIN bans USING (room_id, user_id)"""

SAVE = f"""
WITH {_SPOKEN_IN}, share AS (
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
        AS share(room_id, size, last_sender, last_other)
), draft AS (
    SELECT *, NULL AS client_key, NULL::bytea AS key_digest
    FROM unnest($5::bigint[], $6::bigint[], $7::bigint[], $8::text[], $9::text[], $10::float8[]) WITH ORDINALITY
        AS draft(room_id, place, sender_id, kind, text, created_at, nth)
), {_saved()}
SELECT counted.room_id, counted.seq, counted.pos, log.last_id FROM counted CROSS JOIN log"""


# With keys, the database finds out which drafts are new: those whose key is not known, and of several with one key the
# first. What is known is answered: `nth` says to which draft.
def _with_keys(*, with_references: bool = False, with_files: bool = False) -> str:
    more, names = (", $9::bigint[], $10::text[]", ", reply_seq, mentions") if with_references else ("", "")
    if with_files:
        more, names = f"{more}, $11::text[]", f"{names}, files"
    return f"""
WITH {_SPOKEN_IN}, given AS MATERIALIZED (
    SELECT *
    FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::float8[], $7::text[], $8::bytea[]{more})
        WITH ORDINALITY AS given(room_id, sender_id, kind, text, created_at, client_key, key_digest{names}, nth)
), known AS MATERIALIZED (
    SELECT given.nth, m.* FROM log CROSS JOIN given
    CROSS JOIN LATERAL (
        SELECT * FROM messages
        WHERE messages.sender_id = given.sender_id AND messages.client_key = given.client_key LIMIT 1
    ) AS m
), draft AS MATERIALIZED (
    SELECT first.*, row_number() OVER (PARTITION BY room_id ORDER BY nth) AS place
    FROM (
        SELECT given.*, row_number() OVER (PARTITION BY sender_id, client_key ORDER BY nth) AS time
        FROM given JOIN locked ON locked.id = given.room_id
        WHERE NOT EXISTS (SELECT FROM known WHERE known.nth = given.nth)
    ) AS first
    WHERE client_key IS NULL OR time = 1
), share AS MATERIALIZED (  -- else it is counted again for every room
    SELECT room_id, count(*) AS size, max(last_sender) AS last_sender,
           coalesce(max(place) FILTER (WHERE sender_id <> last_sender), 0) AS last_other
    FROM (
        SELECT *, first_value(sender_id) OVER (PARTITION BY room_id ORDER BY place DESC) AS last_sender FROM draft
    ) AS each
    GROUP BY room_id
), {_saved(with_references=with_references, with_files=with_files)}
SELECT counted.room_id, counted.seq, counted.pos, log.last_id AS id, NULL::bigint AS nth, NULL::text AS text,
       NULL::float8 AS created_at, NULL::text AS kind, NULL::bytea AS key_digest
FROM counted CROSS JOIN log
UNION ALL
SELECT room_id, seq, pos, id, nth, text, extract(epoch FROM created_at)::float8, kind, key_digest FROM known"""


SAVE_WITH_KEYS = _with_keys()
SAVE_WITH_REFERENCES = _with_keys(with_references=True)
SAVE_WITH_FILES = _with_keys(with_references=True, with_files=True)

# A text has two bytes at least, its quotes: what is beyond so many messages would not fit anyway.
_MOST_TEXTS = "greatest($5::bigint, 0) / 2 + 1"

_COLUMNS = """m.id, m.room_id, m.seq, m.sender_id, u.name AS sender_name, m.text,
    extract(epoch FROM m.created_at)::float8 AS created_at, m.kind, coalesce(m.changed_pos, m.pos) AS pos, m.files"""


def _within(most_bytes: str, rows: str, order: str) -> str:
    """Return the rows from the front whose texts have at most `most_bytes` as JSON, and the first always, as `m`.

    What does not fit stays in PostgreSQL. `rows` is a query that bounds how many there are.
    """
    return f"""(
    SELECT counted.* FROM (
        SELECT found.*, row_number() OVER front AS nth,
               sum(octet_length(to_json(found.text)::text) + coalesce(octet_length(found.files), 0)) OVER front AS total
        FROM ({rows}) AS found
        WINDOW front AS (ORDER BY {order} ROWS UNBOUNDED PRECEDING)
    ) AS counted WHERE counted.total <= {most_bytes} OR counted.nth = 1) AS m"""


# Messages and what became of messages, people and rooms, as far as anybody may still be told: of what is deleted, that.
_BEHIND = """
(SELECT messages.id, room_id, seq, pos, messages.kind, sender_id, text, messages.created_at, reply_seq, mentions, files,
        NULL AS emoji, NULL::boolean AS is_on, NULL::bigint AS person_id, NULL AS role,
        NULL::boolean AS is_closed, NULL::bigint AS assignee_id, NULL::timestamptz AS waiting_since
FROM messages JOIN rooms ON rooms.id = messages.room_id
WHERE messages.id > $1 AND messages.deleted_at IS NULL AND rooms.deleted_at IS NULL
ORDER BY messages.id LIMIT $2::bigint)
UNION ALL
(SELECT changes.id, room_id, seq, changes.pos, changes.kind, actor_id,
        CASE changes.kind WHEN 'edited' THEN text WHEN 'changed' THEN topic ELSE '' END, changes.created_at,
        NULL, CASE changes.kind WHEN 'edited' THEN mentions END, NULL, emoji, is_on, person_id, changes.role,
        changes.is_closed, changes.assignee_id, waiting_since
FROM changes LEFT JOIN messages USING (room_id, seq) LEFT JOIN rooms ON rooms.id = room_id
WHERE changes.id > $1 AND CASE changes.kind
    WHEN 'gone' THEN true
    WHEN 'deleted' THEN rooms.deleted_at IS NULL
    WHEN 'removed' THEN rooms.deleted_at IS NULL
    WHEN 'support' THEN rooms.deleted_at IS NULL
    ELSE rooms.deleted_at IS NULL AND messages.deleted_at IS NULL
END
ORDER BY changes.id LIMIT $2::bigint)
ORDER BY id LIMIT $2::bigint"""

READ_LOG = f"""
SELECT m.id, m.room_id, m.seq, m.pos, m.kind, m.sender_id, u.name AS sender_name, m.text, m.emoji, m.is_on,
       m.person_id AS member_id, m.role, m.reply_seq, m.mentions, m.files, r.name, r.is_private,
       r.archived_at IS NOT NULL AS is_archived,
       extract(epoch FROM m.created_at)::float8 AS created_at,
       CASE m.kind WHEN 'reacted' THEN (SELECT count(*) FROM reactions
                                        WHERE room_id = m.room_id AND seq = m.seq AND emoji = m.emoji) END AS count,
       d.low_id, d.high_id, p.id AS person_id, p.name AS person_name,
       m.is_closed, a.id AS assignee_id, a.name AS assignee_name,
       extract(epoch FROM m.waiting_since)::float8 AS waiting_since
FROM {_within("$3::bigint", _BEHIND, "found.id")}
LEFT JOIN users u ON u.id = m.sender_id
LEFT JOIN rooms r ON r.id = m.room_id
LEFT JOIN direct_rooms d ON d.room_id = r.id
LEFT JOIN users p ON p.id = r.creator_id AND r.kind = 'support'
LEFT JOIN users a ON a.id = m.assignee_id
ORDER BY m.id"""

# Where a stretch of a room ends: $2 is its highest seq, $3 its highest id.
_END = """
SELECT seq_up_to(r.id, $3::bigint, 0, least($2::bigint, r.last_seq)) AS seq FROM rooms r
WHERE r.id = $1 AND r.deleted_at IS NULL OFFSET 0"""

_FROM = f"""
SELECT said.*
FROM ({_END}) AS newest
CROSS JOIN LATERAL (
    SELECT * FROM messages WHERE room_id = $1 AND seq > $6::bigint AND seq <= newest.seq AND deleted_at IS NULL
    ORDER BY seq LIMIT least($4::bigint, {_MOST_TEXTS})
) AS said"""

TIMELINE_FROM = f"""
SELECT {_COLUMNS}
FROM {_within("$5::bigint", _FROM, "found.seq")} JOIN users u ON u.id = m.sender_id
ORDER BY m.seq"""

_TO = f"""
SELECT said.*
FROM ({_END}) AS newest
CROSS JOIN LATERAL (
    SELECT * FROM messages WHERE room_id = $1 AND seq <= newest.seq AND deleted_at IS NULL
    ORDER BY seq DESC LIMIT least($4::bigint, {_MOST_TEXTS})
) AS said"""

TIMELINE_TO = f"""
SELECT {_COLUMNS}
FROM {_within("$5::bigint", _TO, "found.seq DESC")} JOIN users u ON u.id = m.sender_id
ORDER BY m.seq"""

# Room by room, where the other side said something beyond what was delivered; then the first of them all.
_MISSED = """
SELECT missed.*
FROM memberships own
JOIN direct_rooms d ON d.room_id = own.room_id
JOIN rooms r ON r.id = own.room_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN r.last_sender_id <> $1 OR d.low_id = d.high_id THEN r.last_seq ELSE r.last_other_seq END
        AS last_seq
) AS others
CROSS JOIN LATERAL (
    SELECT seq_up_to(r.id, $2, own.delivered_seq, others.last_seq) AS after,
           seq_up_to(r.id, $3, own.delivered_seq, others.last_seq) AS up_to
    OFFSET 0
) AS span
CROSS JOIN LATERAL (
    SELECT * FROM messages
    WHERE room_id = r.id AND deleted_at IS NULL AND seq > span.after AND seq <= span.up_to
      AND (sender_id <> $1 OR d.low_id = d.high_id)
    ORDER BY seq LIMIT $4
) AS missed
WHERE own.user_id = $1 AND others.last_seq > own.delivered_seq
ORDER BY missed.id LIMIT $4"""

UNDELIVERED = f"""
SELECT {_COLUMNS}
FROM {_within("$5::bigint", _MISSED, "found.id")}
JOIN users u ON u.id = m.sender_id
ORDER BY m.id"""

BY_ID = f"""
SELECT {_COLUMNS}
FROM messages m JOIN users u ON u.id = m.sender_id JOIN rooms ON rooms.id = m.room_id
WHERE m.id = $1 AND m.deleted_at IS NULL AND rooms.deleted_at IS NULL"""

NEWEST_ID = "SELECT last_id FROM lanes WHERE id = 1"

# Conversations that were last spoken in by the same batch are in no order yet, hence the ties. Unread is what the
# person said since anybody else did.
_LAST_WORDS = """
SELECT last.*, r.creator_id,
       CASE WHEN r.last_sender_id = r.creator_id THEN r.last_seq - r.last_other_seq ELSE 0 END AS unread
FROM (SELECT * FROM rooms WHERE spoken_after_id IS NOT NULL
      ORDER BY spoken_after_id DESC FETCH FIRST $1 ROWS WITH TIES) AS r
CROSS JOIN LATERAL (
    SELECT * FROM messages WHERE room_id = r.id AND seq <= r.last_seq AND deleted_at IS NULL
    ORDER BY seq DESC LIMIT 1
) AS last
ORDER BY last.id DESC LIMIT $1"""

CONVERSATIONS = f"""
SELECT m.creator_id, p.name AS person_name, m.unread, {_COLUMNS}
FROM {_within("$2::bigint", _LAST_WORDS, "found.id DESC")}
JOIN users p ON p.id = m.creator_id AND p.deleted_at IS NULL
JOIN users u ON u.id = m.sender_id
ORDER BY m.id DESC"""
