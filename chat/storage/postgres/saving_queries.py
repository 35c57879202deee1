"""The statements of `saving.py` and `drafts.py`. All writers to the log take their locks in the same order."""

from typing import NamedTuple


# One statement is one transaction and one round trip. Locks are taken in one order: the log, then the rooms by id. So a
# transaction that waits for the log holds no other lock. Each room's counters are raised once, by its share of the
# batch. A draft's numbers are the old counters plus its place, so only the old counters are returned. A draft whose
# room is deleted or archived joins with no row and takes no number.
#
# `share`: for each room the number of drafts, the sender of the last draft, and the place of the last draft of any
# other sender, 0 if there is none. `draft`: the rows to insert; `place` counts within the room, `nth` in the batch.
def _locked(condition: str) -> str:
    return f"""
log AS MATERIALIZED (
    SELECT last_id FROM lanes WHERE id = 1 FOR NO KEY UPDATE
), locked AS MATERIALIZED (
    SELECT rooms.id, slow_seconds FROM log CROSS JOIN rooms
    WHERE rooms.id = ANY($1::bigint[]) AND rooms.deleted_at IS NULL{condition}
    ORDER BY rooms.id FOR NO KEY UPDATE OF rooms
)"""


_SPOKEN_IN = _locked(" AND rooms.archived_at IS NULL")

# Added to a statement: if a room of the batch is in slow mode, nothing is saved, and no row returned
# (`drafts.py`). Evaluated once, over the locked rooms.
_UNLESS_SLOW = " AND NOT EXISTS (SELECT FROM locked WHERE slow_seconds > 0)"

# Mentions and files are rare, so only the statements of batches that have some contain these parts. Mentions are passed
# as array literals, because rows of a two-dimensional array must have equal lengths.
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


def _saved(condition: str, *, with_references: bool = False, with_files: bool = False) -> str:
    """Return the CTEs that raise the counters and insert the rows of `draft`, on a condition."""
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
    WHERE rooms.id = locked.id{condition}
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

# Which of these rooms exist. A draft for an archived one was refused; for a room in slow mode nothing was saved at all.
THERE = """
SELECT id, archived_at IS NULL AND slow_seconds > 0 AS is_slow FROM rooms
WHERE id = ANY($1::bigint[]) AND deleted_at IS NULL"""

# Which of these rooms are private: people can't join them by themselves.
PRIVATE = "SELECT id FROM rooms WHERE id = ANY($1::bigint[]) AND is_private AND deleted_at IS NULL"

# Which of these people are members of the rooms, and which are banned.
MEMBERS = """
SELECT room_id, user_id, false AS is_banned FROM unnest($1::bigint[], $2::bigint[]) AS wanted(room_id, user_id)
JOIN memberships USING (room_id, user_id) JOIN rooms ON rooms.id = room_id
WHERE rooms.deleted_at IS NULL
UNION ALL
SELECT room_id, user_id, true FROM unnest($1::bigint[], $2::bigint[]) AS wanted(room_id, user_id)
JOIN bans USING (room_id, user_id)"""


def _plain(condition: str) -> str:
    return f"""
WITH {_SPOKEN_IN}, share AS (
    SELECT * FROM unnest($1::bigint[], $2::text::bigint[], $3::text::bigint[], $4::text::bigint[])
        AS share(room_id, size, last_sender, last_other)
), draft AS (
    SELECT *, NULL AS client_key, NULL::bytea AS key_digest
    FROM unnest($5::text::bigint[], $6::text::bigint[], $7::text::bigint[], $8::text::text[], $9::text[],
                $10::text::float8[])
        WITH ORDINALITY AS draft(room_id, place, sender_id, kind, text, created_at, nth)
), {_saved(condition)}
SELECT counted.room_id, counted.seq, counted.pos, log.last_id FROM counted CROSS JOIN log"""


# If drafts have keys, the statement inserts those whose key is new, and of several drafts with one key the first. For
# the others it returns the saved message; `nth` is the draft's number.
def _with_keys(condition: str, *, with_references: bool = False, with_files: bool = False) -> str:
    more, names = (", $9::bigint[], $10::text[]", ", reply_seq, mentions") if with_references else ("", "")
    if with_files:
        more, names = f"{more}, $11::text[]", f"{names}, files"
    return f"""
WITH {_SPOKEN_IN}, given AS MATERIALIZED (
    SELECT *
    FROM unnest($2::text::bigint[], $3::text::bigint[], $4::text::text[], $5::text[], $6::text::float8[], $7::text[],
                $8::bytea[]{more})
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
), share AS MATERIALIZED (  -- else it is computed again for every room
    SELECT room_id, count(*) AS size, max(last_sender) AS last_sender,
           coalesce(max(place) FILTER (WHERE sender_id <> last_sender), 0) AS last_other
    FROM (
        SELECT *, first_value(sender_id) OVER (PARTITION BY room_id ORDER BY place DESC) AS last_sender FROM draft
    ) AS each
    GROUP BY room_id
), {_saved(condition, with_references=with_references, with_files=with_files)}
SELECT counted.room_id, counted.seq, counted.pos, log.last_id AS id, NULL::bigint AS nth, NULL::text AS text,
       NULL::float8 AS created_at, NULL::text AS kind, NULL::bytea AS key_digest
FROM counted CROSS JOIN log
UNION ALL
SELECT room_id, seq, pos, id, nth, text, extract(epoch FROM created_at)::float8, kind, key_digest FROM known"""


class Statements(NamedTuple):
    """Those that save drafts: without keys, with keys, with mentions and replies too, and with files too."""

    plain: str
    with_keys: str
    with_references: str
    with_files: str


def _statements(condition: str) -> Statements:
    return Statements(
        _plain(condition),
        _with_keys(condition),
        _with_keys(condition, with_references=True),
        _with_keys(condition, with_references=True, with_files=True),
    )


SAVE = _statements(_UNLESS_SLOW)
SAVE_IN_TURN = _statements("")
"""For drafts of which the caller has left out those that slow mode refuses."""
