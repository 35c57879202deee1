"""The statements of `row_queries.py`. A step waits for no lock on a row that a commit may have: it skips the row."""

_HOLD = "SELECT FROM retention_holds AS hold WHERE hold.kind = 'server' OR (hold.kind = 'room' AND target_id = {room})"
_HELD = _HOLD + " OR (hold.kind = 'person' AND target_id = {person})"
_WRITER = "(SELECT sender_id FROM messages AS m WHERE m.room_id = found.room_id AND m.seq = found.seq)"

# Earlier texts, those that were replaced first before the others, behind ($2, $3, $4, $5).
TEXTS = f"""
WITH found AS MATERIALIZED (
    SELECT replaced_at, room_id, seq, pos FROM edits
    WHERE replaced_at < to_timestamp($1::float8) AND (replaced_at, room_id, seq, pos) > ($2, $3, $4, $5)
    ORDER BY replaced_at, room_id, seq, pos LIMIT $6
), locked AS MATERIALIZED (
    SELECT edits.room_id, edits.seq, edits.pos FROM found JOIN edits USING (room_id, seq, pos)
    WHERE NOT EXISTS ({_HELD.format(room="found.room_id", person=_WRITER)})
    FOR UPDATE OF edits SKIP LOCKED
), removed AS (
    DELETE FROM edits USING locked
    WHERE edits.room_id = locked.room_id AND edits.seq = locked.seq AND edits.pos = locked.pos RETURNING 1
)
SELECT (SELECT count(*) FROM removed) AS count, found.*
FROM found ORDER BY replaced_at DESC, room_id DESC, seq DESC, pos DESC LIMIT 1"""
EXPIRED_TEXTS = """
SELECT count(*) AS count, extract(epoch FROM min(replaced_at))::float8 AS oldest FROM edits
WHERE replaced_at < to_timestamp($1::float8)"""

# The first room behind $3 that has two changes from before $1, or $2 in a support conversation: the newer one stays, as
# a place to resume from.
NEXT_CHANGES = f"""
SELECT r.id AS room_id, r.before FROM (
    SELECT id, CASE kind WHEN 'support' THEN $2::float8 ELSE $1::float8 END AS before
    FROM rooms WHERE id > $3 AND deleted_at IS NULL
) AS r
WHERE (SELECT created_at FROM changes WHERE room_id = r.id AND kind <> 'gone' ORDER BY pos OFFSET 1 LIMIT 1)
        < to_timestamp(r.before)
    AND NOT EXISTS ({_HELD.format(room="r.id", person="NULL")})
ORDER BY r.id LIMIT 1"""
# $1 is the room, $2 the time, $3 how many changes. A person on hold keeps those that they made, and later ones.
RAISE_FLOOR = f"""
WITH first AS MATERIALIZED (
    SELECT pos, created_at >= to_timestamp($2::float8) OR EXISTS (
        SELECT FROM retention_holds AS hold WHERE hold.kind = 'person' AND target_id IN (actor_id, person_id)
    ) AS is_kept
    FROM changes WHERE room_id = $1 AND kind <> 'gone' ORDER BY pos LIMIT $3
), old AS (
    SELECT count(*) AS count, max(pos) AS pos FROM first
    WHERE pos < coalesce((SELECT min(pos) FROM first WHERE is_kept), 9223372036854775807)
)
UPDATE rooms SET floor = greatest(floor, old.pos) FROM old
WHERE id = $1 AND old.count > 1 AND deleted_at IS NULL
    AND NOT EXISTS ({_HELD.format(room="rooms.id", person="NULL")})
RETURNING old.pos"""

# Messages are read by their ids, from the last one whose key was removed. One that is locked now is the next step's.
KEYS = f"""
WITH state AS MATERIALIZED (SELECT keys_id FROM retention_state WHERE id = 1), found AS MATERIALIZED (
    SELECT messages.id, room_id, sender_id, created_at >= to_timestamp($1::float8) AS is_young,
        client_key IS NOT NULL AS has_key
    FROM state JOIN messages ON messages.id > keys_id ORDER BY messages.id LIMIT $2
), old AS MATERIALIZED (
    SELECT id, has_key AND NOT EXISTS ({_HELD.format(room="found.room_id", person="found.sender_id")}) AS goes
    FROM found WHERE id < coalesce((SELECT min(id) FROM found WHERE is_young), 9223372036854775807)
), locked AS MATERIALIZED (
    SELECT messages.id FROM old JOIN messages USING (id) WHERE goes FOR UPDATE OF messages SKIP LOCKED
), removed AS (
    UPDATE messages SET client_key = NULL, key_digest = NULL FROM locked WHERE messages.id = locked.id RETURNING 1
), skipped AS (
    SELECT min(id) - 1 AS id FROM old WHERE goes AND id NOT IN (SELECT id FROM locked)
), moved AS (
    UPDATE retention_state SET keys_id = coalesce((SELECT id FROM skipped), (SELECT max(id) FROM old), keys_id)
    WHERE id = 1
)
SELECT (SELECT count(*) FROM removed) AS count, (SELECT count(*) FROM found) = $2
    AND (SELECT id FROM skipped) IS NULL AND NOT (SELECT bool_or(is_young) FROM found) AS has_more"""
# Keys that a hold has kept are looked at again.
LOOK_AGAIN = "UPDATE retention_state SET keys_id = 0 WHERE id = 1"

# Read marks of people who have no access to the room any more, behind ($1, $2): `OWN_ROOMS` of timeline_queries.py.
MARKS = f"""
WITH found AS MATERIALIZED (
    SELECT room_id, user_id FROM marks WHERE (room_id, user_id) > ($1, $2) ORDER BY room_id, user_id LIMIT $3
), locked AS MATERIALIZED (
    SELECT marks.room_id, marks.user_id FROM found JOIN marks USING (room_id, user_id)
    JOIN rooms r ON r.id = found.room_id AND r.deleted_at IS NULL
    JOIN users u ON u.id = found.user_id
    WHERE NOT (u.deleted_at IS NULL AND CASE r.kind
        WHEN 'lobby' THEN NOT u.is_visitor
        WHEN 'support' THEN r.creator_id = u.id OR u.is_operator
        ELSE EXISTS (SELECT FROM memberships m WHERE m.room_id = found.room_id AND m.user_id = found.user_id)
    END) AND NOT EXISTS ({_HELD.format(room="found.room_id", person="found.user_id")})
    FOR UPDATE OF marks SKIP LOCKED
), removed AS (
    DELETE FROM marks USING locked
    WHERE marks.room_id = locked.room_id AND marks.user_id = locked.user_id RETURNING 1
)
SELECT (SELECT count(*) FROM removed) AS count, found.* FROM found ORDER BY room_id DESC, user_id DESC LIMIT 1"""

# Digests of messages that were deleted before a trigger shortened them: by the changes that did it, newest first.
DIGESTS = """
WITH state AS MATERIALIZED (SELECT digests_id FROM retention_state WHERE id = 1 AND digests_id > 0),
found AS MATERIALIZED (
    SELECT changes.id, room_id, seq, kind FROM state JOIN changes ON changes.id <= digests_id
    ORDER BY changes.id DESC LIMIT $1
), locked AS MATERIALIZED (
    SELECT messages.id FROM found JOIN messages USING (room_id, seq)
    WHERE found.kind = 'deleted' AND deleted_at IS NOT NULL AND octet_length(key_digest) > 1 FOR UPDATE OF messages
), removed AS (
    UPDATE messages SET key_digest = substr(key_digest, 1, 1) FROM locked WHERE messages.id = locked.id RETURNING 1
), moved AS (
    UPDATE retention_state SET digests_id = coalesce((SELECT min(id) - 1 FROM found), 0)
    FROM state WHERE retention_state.id = 1
)
SELECT (SELECT count(*) FROM removed) AS count, (SELECT count(*) FROM found) > 0 AS has_more"""
