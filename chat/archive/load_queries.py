"""The statements of `load.py`."""

IMPORT = """
SELECT id, is_whole, digest, lines, first_id, end_id, next_id, ended_at IS NOT NULL AS is_ended FROM imports
WHERE source = $1"""
PEOPLE = "SELECT key, person_id FROM imported_people WHERE import_id = $1"
ROOMS = """
SELECT key, room_id, opened_by, (extract(epoch FROM last_at) * 1000000)::bigint AS last_at,
    EXISTS (SELECT FROM rooms WHERE rooms.id = room_id AND deleted_at IS NULL) AS is_there
FROM imported_rooms WHERE import_id = $1"""
IS_EMPTY = """
SELECT last_id = 0 AND NOT EXISTS (SELECT FROM users) AND NOT EXISTS (SELECT FROM messages)
    AND NOT EXISTS (SELECT FROM rooms WHERE kind <> 'lobby') AND NOT EXISTS (SELECT FROM imports)
FROM lanes WHERE id = 1 FOR NO KEY UPDATE"""
# In microseconds; 0: messages are kept for ever.
KEPT_SINCE = """
SELECT coalesce(max((extract(epoch FROM now() - make_interval(days => value::int)) * 1000000)::bigint), 0)
FROM settings WHERE name = 'message_days' AND value::int > 0"""
BEGIN = """
INSERT INTO imports (source, is_whole, digest, run) VALUES ($1, $2, $3, $4)
ON CONFLICT (source) DO UPDATE SET digest = $3, lines = 0, first_id = NULL, end_id = NULL, next_id = NULL,
    ended_at = NULL, begun_at = clock_timestamp(), run = $4
RETURNING id, lines, next_id"""
# Only while it is as it was when the archive was read.
GO_ON = """
UPDATE imports SET run = $2 WHERE id = $1 AND lines = $3 AND ended_at IS NULL RETURNING id, lines, next_id"""
IS_OURS = "SELECT true FROM imports WHERE id = $1 AND run = $2 FOR UPDATE"

# --- people ---

# The account whose confirmed address is this one: nobody else can have written its messages.
BY_ADDRESS = """
SELECT users.id FROM users JOIN confirmed_addresses AS c ON c.user_id = users.id AND c.email_key = users.email_key
WHERE users.email_key = $1 AND deleted_at IS NULL"""
IS_ADDRESS_TAKEN = "SELECT EXISTS (SELECT FROM users WHERE email_key = $1)"
NOTE_PERSON = "INSERT INTO imported_people (import_id, key, person_id, is_new) VALUES ($1, $2, $3, $4)"
# They were in rooms of their own choice, so no room is chosen for them.
SETTLE_PERSON = """
WITH unstarted AS (DELETE FROM due WHERE kind = 'starting_rooms' AND key = $1::text)
UPDATE users SET created_at = $2, disabled_at = $3, vouched = true WHERE id = $1::text::bigint"""
DELETE_PERSON = (
    "UPDATE users SET deleted_at = $2, password_hash = '', email = NULL, email_key = NULL WHERE id = $1"
)
ADD_PEOPLE = """
INSERT INTO users (id, name, name_key, display_name, email, email_key, password_hash, is_operator, is_moderator,
    is_admin, is_visitor, share_reads, created_at, disabled_at, deleted_at, vouched)
OVERRIDING SYSTEM VALUE
SELECT *, true FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::boolean[], $9::boolean[], $10::boolean[], $11::boolean[], $12::boolean[], $13::timestamptz[],
    $14::timestamptz[], $15::timestamptz[])"""
SET_JOINED = """
UPDATE users SET joined_id = made.joined, operator_id = made.operating, scopes = string_to_array(made.scopes, ',')
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[]) AS made(id, joined, operating, scopes)
WHERE users.id = made.id"""
# Looks of hooks and bots are their keys: names like theirs are nobody else's.
ADD_LOOKS = """
INSERT INTO name_skeletons (skeleton, user_id) SELECT * FROM unnest($1::text[], $2::bigint[]) ON CONFLICT DO NOTHING"""
ADD_BOTS = """
INSERT INTO bots (person_id, owner_id, is_off_by_owner)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::boolean[]) ON CONFLICT DO NOTHING"""
IS_BOT_TAKEN = """
SELECT EXISTS (SELECT FROM users WHERE name_key = $1) OR EXISTS (SELECT FROM name_skeletons WHERE skeleton = $1)"""
# It is disabled and removed as its owner is here.
ADD_BOT = """
WITH account AS (
    INSERT INTO users (name, name_key, password_hash, is_visitor, scopes, created_at, disabled_at, deleted_at, vouched)
    SELECT $2, $3, '', true, $4, $5, coalesce($6, owner.disabled_at), coalesce($7, owner.deleted_at), true
    FROM users AS owner WHERE owner.id = $1 RETURNING id
), look AS (
    INSERT INTO name_skeletons (skeleton, user_id) SELECT $3, id FROM account
)
INSERT INTO bots (person_id, owner_id, is_off_by_owner) SELECT id, $1, $8 FROM account RETURNING person_id"""
NOTE_PEOPLE = """
INSERT INTO imported_people (import_id, key, person_id, is_new)
SELECT $1, key, id, true FROM unnest($2::text[], $3::bigint[]) AS made(key, id)"""
ADD_VISITS = "INSERT INTO visits (user_id) SELECT unnest($1::bigint[])"
UNSTART = "DELETE FROM due WHERE kind = 'starting_rooms' AND key = ANY($1::text[])"
NUMBER_ON = """
SELECT setval(pg_get_serial_sequence('{table}', 'id'), greatest($1, (SELECT coalesce(max(id), 1) FROM {table})))"""

# --- the log ---

LOCK_LOG = "SELECT last_id FROM lanes WHERE id = 1 FOR NO KEY UPDATE"
LOCK_ROOMS = """
SELECT id, last_seq, last_pos, last_sender_id, last_other_seq FROM rooms
WHERE id = ANY($1::bigint[]) AND deleted_at IS NULL ORDER BY id FOR NO KEY UPDATE"""
EXTEND_LOG = "UPDATE lanes SET last_id = $1 WHERE id = 1"
# A range that another one continues is one with it.
TAKE_IDS = """
WITH grown AS (UPDATE imported_ids SET end_id = $2 WHERE end_id = $1 RETURNING first_id)
INSERT INTO imported_ids (first_id, end_id) SELECT $1, $2 WHERE NOT EXISTS (SELECT FROM grown)"""
# Followers of the log that are at its end go on behind this range at once: they have nothing to do in it.
PASS_IDS = (
    """
INSERT INTO words_written (id, last_id) SELECT 1, $2 - 1
WHERE $1 = 1 OR EXISTS (SELECT FROM words_written WHERE id = 1 AND last_id = $1 - 1)
ON CONFLICT (id) DO UPDATE SET last_id = excluded.last_id""",
    "UPDATE push_state SET last_id = $2 - 1 WHERE last_id = $1 - 1",
    "UPDATE missed_state SET last_id = $2 - 1 WHERE last_id = $1 - 1",
    "UPDATE support_mailboxes SET followed_id = $2 - 1 WHERE name = 'log' AND followed_id = $1 - 1",
)
SET_IDS = "UPDATE imports SET first_id = $2, end_id = $3, next_id = $2 WHERE id = $1"
NEXT_ROOM_IDS = (
    "SELECT nextval(pg_get_serial_sequence('rooms', 'id')) AS id FROM generate_series(1, $1::bigint)"
)
NEXT_FILE_IDS = (
    "SELECT nextval(pg_get_serial_sequence('files', 'id')) AS id FROM generate_series(1, $1::bigint)"
)
NOTE_ROOMS = """
INSERT INTO imported_rooms (import_id, key, room_id)
SELECT $1, key, room_id FROM unnest($2::text[], $3::bigint[]) AS made(key, room_id)
ON CONFLICT (import_id, key) DO UPDATE SET room_id = EXCLUDED.room_id, opened_by = NULL, last_at = NULL"""
PARTITIONS_UP_TO = "SELECT coalesce(max(part_start), 0) FROM word_partitions(0, 9223372036854775807)"
NOTE_LINES = "UPDATE imports SET lines = $2, next_id = $3 WHERE id = $1"
ADD_FILES = """
INSERT INTO files (id, room_id, owner_id, seq, name, type, size, width, height, digest, created_at)
OVERRIDING SYSTEM VALUE
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bigint[],
    $8::bigint[], $9::bigint[], $10::bytea[], $11::timestamptz[])"""
ADD_CHANGES = """
INSERT INTO changes (id, room_id, pos, seq, kind, actor_id, emoji, is_on, created_at, person_id, kept_until, role,
    is_closed, assignee_id, waiting_since, data)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[], $7::text[],
    $8::boolean[], $9::timestamptz[], $10::bigint[], $11::timestamptz[], $12::text[], $13::boolean[], $14::bigint[],
    $15::timestamptz[], $16::text[]::jsonb[])"""
ADD_PINS = """
INSERT INTO pins (room_id, seq, pos, by_id, created_at)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::timestamptz[])"""
# The first message of a room at this time or later; times ascend in a room.
SEQS_AT = """
SELECT asked.room_id, asked.at, found.seq FROM unnest($1::bigint[], $2::timestamptz[]) AS asked(room_id, at)
CROSS JOIN LATERAL (
    WITH RECURSIVE search(low, high, last) AS (
        SELECT first_seq, last_seq + 1, last_seq FROM rooms WHERE id = asked.room_id
        UNION ALL
        SELECT CASE WHEN m.is_before THEN m.seq + 1 ELSE low END,
            CASE WHEN m.is_before THEN high ELSE (low + high) / 2 END, last
        FROM search CROSS JOIN LATERAL (
            SELECT seq, created_at < asked.at AS is_before FROM messages
            WHERE room_id = asked.room_id AND seq >= (low + high) / 2 ORDER BY seq LIMIT 1
        ) AS m
        WHERE low < high
    )
    SELECT low AS seq FROM search WHERE low >= high AND low <= last
) AS found
WHERE EXISTS (SELECT FROM messages WHERE room_id = asked.room_id AND seq = found.seq AND created_at = asked.at)"""
RAISE_ROOMS = """
UPDATE rooms SET last_seq = made.seq, last_pos = made.pos, floor = made.pos, last_sender_id = made.sender,
    last_other_seq = made.other
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) AS made(id, seq, pos, sender, other)
WHERE rooms.id = made.id"""
NEWEST_OF_ROOMS = """
UPDATE imported_rooms SET last_at = made.at FROM unnest($2::text[], $3::timestamptz[]) AS made(key, at)
WHERE import_id = $1 AND imported_rooms.key = made.key"""

# --- later changes of messages that are here ---

# Those that imports brought, and whose last change, if any, is an import's.
UNCHANGED = """
SELECT m.seq, m.sender_id, (extract(epoch FROM m.created_at) * 1000000)::bigint AS at,
    EXISTS (SELECT FROM reactions WHERE reactions.room_id = m.room_id AND reactions.seq = m.seq) AS has_reactions
FROM messages m LEFT JOIN imported_changes AS made ON made.room_id = m.room_id AND made.seq = m.seq
WHERE m.room_id = $1 AND m.kind = 'message' AND m.deleted_at IS NULL
    AND (m.changed_pos IS NULL OR m.changed_pos = made.pos) AND imported_end(m.id) IS NOT NULL
ORDER BY m.created_at, m.seq"""
STATES = """
SELECT m.room_id, m.seq, m.edited_at, own.emoji, own.people
FROM unnest($1::bigint[], $2::bigint[]) AS asked(room_id, seq)
JOIN rooms ON rooms.id = asked.room_id AND rooms.deleted_at IS NULL AND rooms.archived_at IS NULL
JOIN messages m ON m.room_id = asked.room_id AND m.seq = asked.seq AND m.seq >= rooms.first_seq
LEFT JOIN imported_changes AS made ON made.room_id = m.room_id AND made.seq = m.seq
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(emoji), '{}') AS emoji, coalesce(array_agg(person_id), '{}') AS people
    FROM reactions WHERE reactions.room_id = m.room_id AND reactions.seq = m.seq
) AS own
WHERE m.deleted_at IS NULL AND (m.changed_pos IS NULL OR m.changed_pos = made.pos)"""
NOTE_CHANGES = """
INSERT INTO imported_changes (room_id, seq, pos)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])
ON CONFLICT (room_id, seq) DO UPDATE SET pos = excluded.pos"""

# --- rooms ---

PAIR = "SELECT true FROM direct_rooms WHERE low_id = $1 AND high_id = $2"
IS_GROUP_THERE = "SELECT EXISTS (SELECT FROM rooms WHERE people_key = $1)"
NAMES = "SELECT name_key FROM rooms WHERE name_key = ANY($1::text[])"
# `members` is NULL until all are in it: else each of them would count the room up.
OPEN_ROOM = """
INSERT INTO rooms (id, kind, name, name_key, creator_id, is_private, last_seq, created_at, last_sender_id,
    last_other_seq, spoken_after_id, last_pos, topic, archived_at, floor, members, is_closed, assignee_id,
    settled_seq, first_seq, announced_seq, keep_days, keep_set_at, kept_by_admin, slow_seconds, people_key)
VALUES ($1, $2, $3, CASE WHEN $4 = '' THEN lower($3) || E'\\n' || gen_random_uuid() ELSE $4 END, $5, $6, $7, $8, $9,
    $10, $11, $12, $13, $14, $15, NULL, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)
ON CONFLICT (id) DO UPDATE SET last_seq = $7, created_at = $8, last_sender_id = $9, last_other_seq = $10,
    last_pos = $12, topic = $13, floor = $15, first_seq = $19, announced_seq = $20, keep_days = $21, keep_set_at = $22,
    kept_by_admin = $23, slow_seconds = $24"""
ADD_PAIR = "INSERT INTO direct_rooms (low_id, high_id, room_id) VALUES ($1, $2, $3)"
ADD_MEMBERS = """
INSERT INTO memberships (room_id, user_id, role, joined_at)
SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::timestamptz[])"""
SET_MEMBERS = """
UPDATE memberships SET role = made.role, joined_seq = made.joined_seq, delivered_seq = made.delivered
FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::bigint[]) AS made(person, role, joined_seq, delivered)
WHERE room_id = $1 AND user_id = made.person"""
COUNT_MEMBERS = "UPDATE rooms SET members = $2 WHERE id = $1"
ADD_MARKS = """
INSERT INTO marks (room_id, user_id, seq, notify, hidden, starred, changed_at)
SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::boolean[], $6::boolean[], $7::timestamptz[])"""
ADD_BANS = """
INSERT INTO bans (room_id, user_id, created_at) SELECT $1, * FROM unnest($2::bigint[], $3::timestamptz[])"""
FORGET_FOLLOWS = "DELETE FROM thread_follows WHERE room_id = $1"
ADD_FOLLOWS = """
INSERT INTO thread_follows (room_id, root, person_id, is_on)
SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::boolean[]) ON CONFLICT DO NOTHING"""
NOTE_OPEN = """
UPDATE imported_rooms SET opened_by = $3, last_at = $4 WHERE import_id = $1 AND key = $2"""

# The indexer need not read again what it comes to next.
WORDS_ARE_WRITTEN = """
UPDATE words_written SET last_id = imports.end_id - 1 FROM imports
WHERE words_written.id = 1 AND imports.id = $1 AND last_id >= first_id - 1 AND last_id < end_id"""
END = "UPDATE imports SET ended_at = clock_timestamp() WHERE id = $1"
# Pushes and mails continue after a server that was imported whole: nobody is notified of its messages.
FOLLOWERS_TO = (
    "UPDATE push_state SET last_id = $1",
    "UPDATE missed_state SET last_id = $1",
    "INSERT INTO words_written (id, last_id) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET last_id = $1",
)
