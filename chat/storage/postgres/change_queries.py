"""The statements of `changes.py`."""

# The message of each change, deleted ones included, joins excluded. `counts` is a JSON object; NULL: no reactions.
TARGETS = """
SELECT change.nth, m.room_id, m.seq, m.sender_id, m.text, m.mentions,
       extract(epoch FROM coalesce(m.edited_at, m.created_at))::float8 AS text_since,
       coalesce(m.changed_pos, m.pos) AS pos,
       m.deleted_at IS NOT NULL AS is_deleted, rooms.archived_at IS NOT NULL AS is_archived, rooms.last_pos,
       lanes.last_id,
       (SELECT json_object_agg(emoji, people) FROM (
            SELECT emoji, count(*) AS people FROM reactions WHERE room_id = m.room_id AND seq = m.seq GROUP BY emoji
        ) AS each)::text AS counts,
       EXISTS (SELECT FROM reactions AS own
               WHERE own.room_id = m.room_id AND own.seq = m.seq AND own.emoji = change.emoji
                 AND own.person_id = change.actor_id) AS has_reacted
FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[]) WITH ORDINALITY
        AS change(room_id, seq, emoji, actor_id, nth)
JOIN rooms ON rooms.id = change.room_id AND rooms.deleted_at IS NULL
JOIN messages m ON m.room_id = change.room_id AND m.seq = change.seq AND m.kind = 'message'
    AND m.seq >= rooms.first_seq  -- else it is being removed
JOIN lanes ON lanes.id = 1
ORDER BY change.nth"""

WRITE = """
WITH made AS (
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[], $7::text[],
                         $8::boolean[], $9::float8[])
        AS made(id, room_id, pos, seq, kind, actor_id, emoji, is_on, created_at)
), inserted AS (
    INSERT INTO changes (id, room_id, pos, seq, kind, actor_id, emoji, is_on, created_at)
    SELECT id, room_id, pos, seq, kind, actor_id, emoji, is_on, to_timestamp(created_at) FROM made
), counted AS (
    UPDATE rooms SET last_pos = share.pos
    FROM (SELECT room_id, max(pos) AS pos FROM made GROUP BY room_id) AS share WHERE rooms.id = share.room_id
), written AS (
    UPDATE lanes SET last_id = (SELECT max(id) FROM made) WHERE id = 1
)
UPDATE messages SET
    text = changed.text,
    mentions = changed.mentions::bigint[],
    changed_pos = changed.pos,
    edited_at = coalesce(to_timestamp(changed.edited_at), messages.edited_at),
    deleted_at = to_timestamp(changed.deleted_at),
    deleted_by = changed.deleted_by
FROM unnest($10::bigint[], $11::bigint[], $12::text[], $13::bigint[], $14::float8[], $15::float8[], $16::bigint[],
            $17::text[])
        AS changed(room_id, seq, text, pos, edited_at, deleted_at, deleted_by, mentions)
WHERE messages.room_id = changed.room_id AND messages.seq = changed.seq"""

WRITE_REACTIONS = """
WITH deleted AS (
    DELETE FROM reactions USING unnest($1::bigint[], $2::bigint[]) AS gone(room_id, seq)
    WHERE reactions.room_id = gone.room_id AND reactions.seq = gone.seq
), taken_back AS (
    DELETE FROM reactions
    USING unnest($3::bigint[], $4::bigint[], $5::text[], $6::bigint[]) AS gone(room_id, seq, emoji, person_id)
    WHERE reactions.room_id = gone.room_id AND reactions.seq = gone.seq
      AND reactions.emoji = gone.emoji AND reactions.person_id = gone.person_id
)
INSERT INTO reactions (room_id, seq, emoji, person_id)
SELECT * FROM unnest($7::bigint[], $8::bigint[], $9::text[], $10::bigint[])"""

# Replaces the mentions of edited texts. A trigger removes those of deleted messages (sql/0012).
WRITE_EDITS = """
WITH kept AS (
    INSERT INTO edits (room_id, seq, pos, text, created_at)
    SELECT room_id, seq, pos, text, to_timestamp(created_at)
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::float8[])
        AS kept(room_id, seq, pos, text, created_at)
), not_any_more AS (
    DELETE FROM mentions USING unnest($6::bigint[], $7::bigint[], $8::bigint[]) AS gone(room_id, seq, person_id)
    WHERE mentions.room_id = gone.room_id AND mentions.person_id = gone.person_id AND mentions.seq = gone.seq
)
INSERT INTO mentions (room_id, person_id, seq, id, sender_id)
SELECT m.room_id, made.person_id, m.seq, m.id, m.sender_id
FROM unnest($9::bigint[], $10::bigint[], $11::bigint[]) AS made(room_id, seq, person_id)
JOIN messages m ON m.room_id = made.room_id AND m.seq = made.seq AND m.sender_id <> made.person_id"""
