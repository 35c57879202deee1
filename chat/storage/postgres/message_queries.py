"""The statements of `messages.py`: each reads about as many rows as it returns, however long the room is.

`seq` counts a room's messages without gaps. So a part of a room is a range of the key (room_id, seq), and its number of
rows is known before any is read. `seq_up_to` (sql/0002) finds the last seq up to an id. A LATERAL query with a LIMIT is
always planned as a look-up for each row, never as a join that reads all messages.
"""

# As JSON a text has at least two bytes, its quotes; so more messages than this can't fit.
_MOST_TEXTS = "greatest($5::bigint, 0) / 2 + 1"

_COLUMNS = """m.id, m.room_id, m.seq, m.sender_id, u.name AS sender_name, m.text,
    extract(epoch FROM m.created_at)::float8 AS created_at, m.kind, coalesce(m.changed_pos, m.pos) AS pos, m.files"""


def _within(most_bytes: str, rows: str, order: str) -> str:
    """Return, as `m`, the first rows whose texts together have at most `most_bytes` as JSON, and always the first row.

    The other rows are not sent by PostgreSQL. `rows` is a query with a LIMIT.
    """
    return f"""(
    SELECT counted.* FROM (
        SELECT found.*, row_number() OVER front AS nth,
               sum(octet_length(to_json(found.text)::text) + coalesce(octet_length(found.files), 0)) OVER front AS total
        FROM ({rows}) AS found
        WINDOW front AS (ORDER BY {order} ROWS UNBOUNDED PRECEDING)
    ) AS counted WHERE counted.total <= {most_bytes} OR counted.nth = 1) AS m"""


# The log after the id $1, without changes that nobody may read any more: of a deleted message only its deletion.
_AFTER = """
(SELECT messages.id, room_id, seq, pos, messages.kind, sender_id, text, messages.created_at, reply_seq, mentions, files,
        NULL AS emoji, NULL::boolean AS is_on, NULL::bigint AS person_id, NULL AS role,
        NULL::boolean AS is_closed, NULL::bigint AS assignee_id, NULL::timestamptz AS waiting_since,
        NULL::jsonb AS data
FROM messages JOIN rooms ON rooms.id = messages.room_id
WHERE messages.id > $1 AND messages.deleted_at IS NULL AND rooms.deleted_at IS NULL
ORDER BY messages.id LIMIT $2::bigint)
UNION ALL
(SELECT changes.id, room_id, seq, changes.pos, changes.kind, actor_id,
        CASE changes.kind WHEN 'edited' THEN text WHEN 'changed' THEN topic ELSE '' END, changes.created_at,
        NULL, CASE changes.kind WHEN 'edited' THEN mentions END, NULL, emoji, is_on, person_id, changes.role,
        changes.is_closed, changes.assignee_id, waiting_since, data
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

# Of a reply the seq of the first message of its thread (sql/0054); no other message has a row there.
ROOT = """CASE WHEN m.reply_seq IS NOT NULL THEN
        (SELECT root FROM thread_replies WHERE room_id = m.room_id AND seq = m.seq) END AS root"""

READ_LOG = f"""
SELECT m.id AS message_id, m.room_id, m.seq AS message_seq, m.pos AS message_pos, m.kind AS what, m.data,
       m.sender_id, u.name AS sender_name, m.text, m.emoji, m.is_on, m.person_id AS member_id, m.role, m.reply_seq,
       {ROOT}, m.mentions, m.files, r.name, r.is_private, r.archived_at IS NOT NULL AS is_archived,
       extract(epoch FROM m.created_at)::float8 AS created_at,
       CASE m.kind WHEN 'reacted' THEN (SELECT count(*) FROM reactions
                                        WHERE room_id = m.room_id AND seq = m.seq AND emoji = m.emoji) END AS count,
       d.low_id, d.high_id, p.id AS person_id, p.name AS person_name,
       m.is_closed, a.id AS assignee_id, a.name AS assignee_name,
       extract(epoch FROM m.waiting_since)::float8 AS waiting_since
FROM {_within("$3::bigint", _AFTER, "found.id")}
LEFT JOIN users u ON u.id = m.sender_id
LEFT JOIN rooms r ON r.id = m.room_id
LEFT JOIN direct_rooms d ON d.room_id = r.id
LEFT JOIN users p ON p.id = r.creator_id AND r.kind = 'support'
LEFT JOIN users a ON a.id = m.assignee_id
ORDER BY m.id"""

# The message that a sender's key was used for, with the columns that `saving_queries.py` returns.
BY_KEY = """
SELECT id, room_id, seq, pos, text, kind, extract(epoch FROM created_at)::float8 AS created_at, key_digest
FROM messages WHERE sender_id = $1 AND client_key = $2"""

# The last seq of a range of the room: at most $2, and with an id of at most $3.
_END = """
SELECT seq_up_to(r.id, $3::bigint, 0, least($2::bigint, r.last_seq)) AS seq FROM rooms r
WHERE r.id = $1 AND r.deleted_at IS NULL OFFSET 0"""

_FROM = f"""
SELECT message.*
FROM ({_END}) AS newest
CROSS JOIN LATERAL (
    SELECT * FROM messages WHERE room_id = $1 AND seq > $6::bigint AND seq <= newest.seq AND deleted_at IS NULL
    ORDER BY seq LIMIT least($4::bigint, {_MOST_TEXTS})
) AS message"""

TIMELINE_FROM = f"""
SELECT {_COLUMNS}
FROM {_within("$5::bigint", _FROM, "found.seq")} JOIN users u ON u.id = m.sender_id
ORDER BY m.seq"""

_TO = f"""
SELECT message.*
FROM ({_END}) AS newest
CROSS JOIN LATERAL (
    SELECT * FROM messages WHERE room_id = $1 AND seq <= newest.seq AND deleted_at IS NULL
    ORDER BY seq DESC LIMIT least($4::bigint, {_MOST_TEXTS})
) AS message"""

TIMELINE_TO = f"""
SELECT {_COLUMNS}
FROM {_within("$5::bigint", _TO, "found.seq DESC")} JOIN users u ON u.id = m.sender_id
ORDER BY m.seq"""

# For each direct room with undelivered messages of the other person, its oldest; then the oldest of all.
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

# All conversations of one batch have the same `spoken_after_id`, so ties are read too and then sorted by id. The joins
# exclude conversations of deleted people and empty ones before the limit. `unread` counts the person's messages since
# the last message of an operator.
_LAST_WORDS = """
SELECT * FROM (
    SELECT last.*, person.name AS person_name, r.creator_id,
           CASE WHEN r.last_sender_id = r.creator_id THEN r.last_seq - r.last_other_seq ELSE 0 END AS unread
    FROM rooms r
    CROSS JOIN LATERAL (SELECT name FROM users WHERE id = r.creator_id AND deleted_at IS NULL LIMIT 1) AS person
    CROSS JOIN LATERAL (
        SELECT * FROM messages WHERE room_id = r.id AND seq <= r.last_seq AND deleted_at IS NULL
        ORDER BY seq DESC LIMIT 1
    ) AS last
    WHERE r.spoken_after_id IS NOT NULL
    ORDER BY r.spoken_after_id DESC FETCH FIRST $1 ROWS WITH TIES
) AS last_spoken_in
ORDER BY id DESC LIMIT $1"""

CONVERSATIONS = f"""
SELECT m.creator_id, m.person_name, m.unread, {_COLUMNS}
FROM {_within("$2::bigint", _LAST_WORDS, "found.id DESC")}
JOIN users u ON u.id = m.sender_id
ORDER BY m.id DESC"""
