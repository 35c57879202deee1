"""The statements of `messages.py`: each reads about as many rows as it returns, at any place of a long room.

`seq` counts a room's messages without a gap, so a stretch of a room is a range of the key (room_id, seq), and how
many rows it has is known before any is read. `seq_up_to` (sql/0002) finds the seq that an id stands at. A LATERAL
query with a LIMIT is a look-up for each row: no plan can make it a join that reads all messages.
"""

# One statement is one transaction and one round trip. Each room's counter is raised once, by its share of the
# batch ($1, $2); a draft's seq is where the counter was plus its place in that share ($6). A draft whose room
# is gone finds nothing to join with and is not inserted. Of each share, $3 is who sent its last draft and $4 the
# place of the last draft by anybody else, 0 where there is none.
SAVE = """
WITH counted AS (
    UPDATE rooms SET
        last_seq = last_seq + share.size,
        last_sender_id = share.last_sender,
        last_other_seq = CASE
            WHEN share.last_other > 0 THEN last_seq + share.last_other
            WHEN last_sender_id = share.last_sender THEN last_other_seq
            ELSE last_seq
        END,
        spoken_after_id = CASE WHEN kind = 'support' THEN (SELECT coalesce(max(id), 0) FROM messages) END
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
        AS share(room_id, size, last_sender, last_other)
    WHERE rooms.id = share.room_id AND rooms.deleted_at IS NULL
    RETURNING rooms.id AS room_id, rooms.last_seq - share.size AS base
), saved AS (
    INSERT INTO messages (room_id, seq, sender_id, kind, text, created_at, client_key)
    SELECT counted.room_id, counted.base + draft.place, draft.sender_id, draft.kind, draft.text,
           to_timestamp(draft.created_at), draft.client_key
    FROM unnest($5::bigint[], $6::bigint[], $7::bigint[], $8::text[], $9::text[], $10::float8[], $11::text[])
        WITH ORDINALITY AS draft(room_id, place, sender_id, kind, text, created_at, client_key, nth)
    JOIN counted USING (room_id)
    ORDER BY draft.nth  -- so that ids ascend as the drafts were given, and in a room with seq
    RETURNING room_id, seq, id, kind, sender_id
), joined AS (
    INSERT INTO memberships (room_id, user_id)
    SELECT room_id, sender_id FROM saved WHERE kind = 'join'
    ON CONFLICT DO NOTHING
)
SELECT room_id, seq, id FROM saved"""

_COLUMNS = """m.id, m.room_id, m.seq, m.sender_id, u.name AS sender_name, m.text,
    extract(epoch FROM m.created_at)::float8 AS created_at, m.kind"""


def _within(most_bytes: str, rows: str, order: str) -> str:
    """Return the rows from the front whose texts have at most `most_bytes` as JSON, and the first always, as `m`.

    What does not fit stays in PostgreSQL. `rows` is a query that bounds how many there are.
    """
    return f"""(
    SELECT counted.* FROM (
        SELECT found.*, row_number() OVER front AS nth,
               sum(octet_length(to_json(found.text)::text)) OVER front AS total
        FROM ({rows}) AS found
        WINDOW front AS (ORDER BY {order} ROWS UNBOUNDED PRECEDING)
    ) AS counted WHERE counted.total <= {most_bytes} OR counted.nth = 1) AS m"""


# From each room's end backwards, as long as the messages are new enough: a room of which nothing is told may be long.
SETTLE = f"""
WITH RECURSIVE landed AS (
    SELECT newest.*, told.seq AS told
    FROM unnest($1::bigint[], $2::bigint[]) AS told(room_id, seq)
    JOIN rooms r ON r.id = told.room_id AND r.deleted_at IS NULL
    CROSS JOIN LATERAL (SELECT * FROM messages WHERE room_id = r.id AND seq = r.last_seq LIMIT 1) AS newest
    WHERE newest.seq > told.seq AND newest.created_at >= to_timestamp($3)
    UNION ALL
    SELECT earlier.*, landed.told
    FROM landed
    CROSS JOIN LATERAL (
        SELECT * FROM messages WHERE room_id = landed.room_id AND seq = landed.seq - 1 LIMIT 1
    ) AS earlier
    WHERE earlier.seq > landed.told AND earlier.created_at >= to_timestamp($3)
)
SELECT {_COLUMNS} FROM landed m JOIN users u ON u.id = m.sender_id ORDER BY m.id"""

# A text has two bytes at least, its quotes: what is beyond so many messages would not fit anyway.
_IN_A_RANGE = """
SELECT * FROM messages
WHERE room_id = $1 AND deleted_at IS NULL AND seq > $2
  AND seq <= (SELECT least($3, r.last_seq, $2 + greatest($4::bigint, 0) / 2 + 1)
              FROM rooms r WHERE r.id = $1 AND r.deleted_at IS NULL)"""

PAGE = f"""
SELECT {_COLUMNS}
FROM {_within("$4::bigint", _IN_A_RANGE, "found.seq")} JOIN users u ON u.id = m.sender_id
ORDER BY m.seq"""

_UP_TO = """
SELECT said.*
FROM (SELECT seq_up_to(r.id, $2, 0, r.last_seq) AS seq FROM rooms r
      WHERE r.id = $1 AND r.deleted_at IS NULL OFFSET 0) AS newest
CROSS JOIN LATERAL (
    SELECT * FROM messages WHERE room_id = $1 AND seq <= newest.seq AND deleted_at IS NULL
    ORDER BY seq DESC LIMIT $3::bigint
) AS said"""

BEFORE = f"""
SELECT {_COLUMNS}
FROM {_within("$4::bigint", _UP_TO, "found.seq DESC")} JOIN users u ON u.id = m.sender_id
ORDER BY m.seq DESC"""

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
SELECT {_COLUMNS}, p.name AS peer_name
FROM {_within("$5::bigint", _MISSED, "found.id")}
JOIN users u ON u.id = m.sender_id
JOIN users p ON p.id = $1
ORDER BY m.id"""

DELETE = """
UPDATE messages SET text = '', deleted_at = now()
FROM rooms WHERE messages.id = $1 AND messages.kind = 'message' AND messages.deleted_at IS NULL
  AND rooms.id = messages.room_id AND rooms.deleted_at IS NULL
RETURNING true"""

NEWEST_ID = "SELECT coalesce(max(id), 0) FROM messages"

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
