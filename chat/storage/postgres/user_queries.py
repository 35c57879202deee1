"""The statements of `users.py`."""

from chat.storage.postgres.name_parts import NEAR

_COLUMNS = """id, name, email, display_name, picture, is_operator, is_moderator, is_admin, token_generation,
    disabled_at IS NOT NULL AS is_disabled, is_visitor, has_second_factor, share_reads,
    scopes, status_emoji, status_text, extract(epoch FROM status_until)::float8 AS status_until,
    extract(epoch FROM created_at)::float8 AS created_at,
    extract(epoch FROM coalesce(changed_at, created_at))::float8 AS changed_at"""

# Inserts nothing if another name or a display name looks alike. Older names may share a skeleton, so a unique key alone
# would not find all of them; of two concurrent inserts, the unique key of `name_skeletons` lets one succeed. An equal
# name is found by the unique key of `users`.
ADD = f"""
WITH alike AS (
    SELECT FROM name_skeletons JOIN users ON users.id = user_id WHERE skeleton = ANY($9::text[]) AND name_key <> $2
    UNION ALL
    SELECT FROM display_skeletons
    WHERE skeleton = ANY($9::text[]) AND NOT EXISTS (SELECT FROM users WHERE name_key = $2)
), added AS (
    INSERT INTO users (name, name_key, display_name, email, email_key, password_hash, is_operator, is_admin,
        is_moderator, is_visitor)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $10, $11 WHERE NOT EXISTS (SELECT FROM alike)
    RETURNING {_COLUMNS}
), looks AS (
    INSERT INTO name_skeletons (skeleton, user_id) SELECT skeleton, id FROM added, unnest($9::text[]) AS skeleton
)
SELECT * FROM added"""
VOUCH = "UPDATE users SET vouched = true WHERE id = $1"
BY_ID = f"SELECT {_COLUMNS} FROM users WHERE id = $1 AND deleted_at IS NULL"
BY_IDS = f"SELECT {_COLUMNS} FROM users WHERE id = ANY($1) AND deleted_at IS NULL"
BY_NAME = f"SELECT {_COLUMNS}, password_hash FROM users WHERE name_key = $1 AND deleted_at IS NULL"
BY_EMAIL = f"SELECT {_COLUMNS}, password_hash FROM users WHERE email_key = $1 AND deleted_at IS NULL"
COUNT = "SELECT count(*) FROM users WHERE deleted_at IS NULL AND NOT is_visitor"
EVERYONE = f"SELECT {_COLUMNS} FROM users WHERE deleted_at IS NULL AND NOT is_visitor ORDER BY id"
OPERATORS = "SELECT id FROM users WHERE is_operator AND deleted_at IS NULL ORDER BY id"
_THEM = "WHERE id = $1 AND deleted_at IS NULL"
RENAME = f"""
WITH alike AS (
    SELECT FROM name_skeletons JOIN users ON users.id = user_id
    WHERE skeleton = ANY($4::text[]) AND name_key <> $3 AND user_id <> $1
        AND EXISTS (SELECT FROM users {_THEM})
), renamed AS (
    UPDATE users SET name = $2, name_key = $3 {_THEM} AND NOT EXISTS (SELECT FROM alike) RETURNING {_COLUMNS}
), looked AS (
    DELETE FROM name_skeletons USING renamed WHERE user_id = renamed.id AND skeleton <> ALL($4::text[])
), looks AS (
    INSERT INTO name_skeletons (skeleton, user_id)
    SELECT each.skeleton, id FROM renamed, unnest($4::text[]) AS each (skeleton)
    WHERE NOT EXISTS (SELECT FROM name_skeletons AS own WHERE own.user_id = id AND own.skeleton = each.skeleton)
)
SELECT EXISTS (SELECT FROM alike) AS is_alike, renamed.* FROM (SELECT) AS one LEFT JOIN renamed ON true"""
# Whether a display name looks like the name or the display name of another person, deleted people included.
IS_ANOTHERS = """
SELECT EXISTS (SELECT FROM name_skeletons WHERE skeleton = ANY($2::text[]) AND user_id <> $1)
    OR EXISTS (SELECT FROM display_skeletons WHERE skeleton = ANY($2::text[]) AND user_id <> $1)"""
# Whether a name looks like the display name of another person and no other person has that name.
IS_DISPLAYED_BY_ANOTHER = """
SELECT EXISTS (SELECT FROM display_skeletons WHERE skeleton = ANY($2::text[]) AND user_id <> $1)
    AND NOT EXISTS (SELECT FROM users WHERE name_key = $3)"""
SET_DISPLAY_LOOKS = """
WITH forgotten AS (DELETE FROM display_skeletons WHERE user_id = $1 AND skeleton <> ALL($2::text[]))
INSERT INTO display_skeletons (skeleton, user_id)
SELECT skeleton, $1 FROM unnest($2::text[]) AS skeleton ON CONFLICT DO NOTHING"""
# Serialises changes of names and display names, so that the second of two look-alikes sees the first. A transaction
# that renames somebody takes this lock before it locks any person.
_NAMES = 0x646973706C617973  # "displays"
LOCK_NAMES = f"SELECT pg_advisory_xact_lock({_NAMES})"  # decimal: PostgreSQL reads hexadecimal from 16 on
LOOK_ALIKES = f"""
SELECT DISTINCT ON (younger.id) younger.*, older.id AS older_id, older.name AS older_name,
    older.deleted_at IS NOT NULL AS older_is_deleted
FROM name_skeletons AS look
JOIN name_skeletons AS older_look ON older_look.skeleton = look.skeleton AND older_look.user_id < look.user_id
JOIN users AS older ON older.id = older_look.user_id
JOIN (SELECT {_COLUMNS} FROM users WHERE deleted_at IS NULL) AS younger ON younger.id = look.user_id
WHERE look.skeleton IN (SELECT skeleton FROM name_skeletons WHERE shared <> 0)
ORDER BY younger.id, older.id"""
SET_PROFILE = f"""
UPDATE users SET display_name = CASE WHEN $2 THEN $3 ELSE display_name END, email = CASE WHEN $4 THEN $5 ELSE email END,
    email_key = CASE WHEN $4 THEN $6 ELSE email_key END, share_reads = coalesce($7, share_reads)
{_THEM} RETURNING {_COLUMNS}"""
SET_PASSWORD = f"""
UPDATE users SET password_hash = $2, token_generation = token_generation + 1
{_THEM} AND password_hash = coalesce($3, password_hash) RETURNING {_COLUMNS}"""
# A transaction that may remove an admin locks all admins first, in one order: of two such transactions, the second sees
# the result of the first. NO KEY: foreign keys to these rows are still checked without waiting.
LOCK_ADMINS = "SELECT FROM users WHERE is_admin AND deleted_at IS NULL ORDER BY id FOR NO KEY UPDATE"
OTHER_ADMINS = """
SELECT EXISTS (SELECT FROM users WHERE is_admin AND disabled_at IS NULL AND deleted_at IS NULL AND id <> $1)"""
IS_ACTING_ADMIN = """
SELECT EXISTS (SELECT FROM users WHERE id = $1 AND is_admin AND disabled_at IS NULL AND deleted_at IS NULL)"""
LOCK = f"{BY_ID} FOR NO KEY UPDATE"
# Locked before the account, in the order of the owner's switch.
LOCK_BOT = "SELECT FROM bots WHERE person_id = $1 FOR UPDATE"
# If an admin disables a bot that its owner has switched off, only an admin switches it on.
ADMINISTER = f"""
WITH held AS (UPDATE bots SET is_off_by_owner = false WHERE person_id = $1 AND $5)
UPDATE users SET is_operator = coalesce($2, is_operator), is_moderator = coalesce($3, is_moderator),
    is_admin = coalesce($4, is_admin), password_hash = coalesce($6, password_hash),
    disabled_at = CASE WHEN $5 THEN coalesce(disabled_at, now()) WHEN NOT $5 THEN NULL ELSE disabled_at END,
    token_generation = token_generation + $7::int
{_THEM} RETURNING {_COLUMNS}"""
_LISTED = "deleted_at IS NULL AND NOT is_visitor"
_HAS_PART = "(position($1 IN name_key) > 0 OR position($1 IN email_key) > 0)"
PAGE = f"""
SELECT {_COLUMNS} FROM users WHERE id > $1 AND {_LISTED} ORDER BY id LIMIT $2"""
# By a part $1 of a name or an email address: among the first people, and by the indexes of parts ($4).
PAGE_NEAR = f"""
SELECT {_COLUMNS} FROM (SELECT * FROM users WHERE id > $2 ORDER BY id LIMIT {NEAR}) AS users
WHERE {_HAS_PART} AND {_LISTED} ORDER BY id LIMIT $3"""
PAGE_BY_PARTS = f"""
WITH found AS MATERIALIZED (
    SELECT * FROM users WHERE name_parts(name_key) @> $4::text[] AND NOT is_visitor
    UNION ALL
    SELECT * FROM users WHERE name_parts(email_key) @> $4::text[]
)
SELECT {_COLUMNS} FROM users WHERE id = ANY(ARRAY(SELECT id FROM found WHERE id > $2)) AND {_HAS_PART} AND {_LISTED}
ORDER BY id LIMIT $3"""
# Those with a role, who are few and have an index, by a part or by none.
PAGES_OF_ROLES = {
    role: f"""
SELECT {_COLUMNS} FROM users WHERE is_{role} AND id > $2 AND {_LISTED} AND ($1 = '' OR {_HAS_PART})
ORDER BY id LIMIT $3"""
    for role in ("operator", "moderator", "admin")
}
# Once there is an admin, the set-up code is void; the next start without an admin makes a new one.
USE_UP_SET_UP = "DELETE FROM set_up"
ADD_VISIT = "INSERT INTO visits (user_id, email, page) VALUES ($1, $2, $3)"
NAMELESS = f"""
SELECT {_COLUMNS} FROM users
WHERE id = ANY($1) AND EXISTS (SELECT FROM account_removals WHERE user_id = users.id AND how <> 'leave')"""
