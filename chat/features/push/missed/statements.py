"""The SQL of mails for missed messages."""

from chat.features.push.ledger import KEPT
from chat.features.push.ledger_statements import FACTS, FACTS_FROM, candidates
from chat.features.push.missed.port import USUAL

LOCK_STEPS = f"SELECT pg_advisory_xact_lock({0x6D697364})"  # "misd": one server decides at a time

# The people whom mails reach: their address is confirmed, and they have not chosen "never".
_RECEIVERS = """(
    SELECT c.user_id FROM confirmed_addresses AS c JOIN users AS owner ON owner.id = c.user_id
    WHERE owner.email_key = c.email_key AND owner.disabled_at IS NULL AND owner.deleted_at IS NULL
        AND NOT EXISTS (SELECT FROM mail_choices WHERE user_id = c.user_id AND seconds = 0))"""
_CHOSEN = f"coalesce((SELECT seconds FROM mail_choices WHERE user_id = $1), {USUAL})"
# A message of the future was sent before the clock was set back. It has waited: a due item counts its time by itself.
_WAIT = f"""CASE WHEN m.created_at > now() + interval '1 s' THEN 0
    ELSE extract(epoch FROM m.created_at - now())::float8 + {_CHOSEN}::float8 END"""
HAVE_ANY = f"SELECT EXISTS (SELECT FROM {_RECEIVERS} AS receivers)"
PLACE = """
SELECT coalesce(missed_state.last_id, lanes.last_id) AS last_id, lanes.last_id AS newest,
       missed_state.id IS NULL AS is_new
FROM lanes LEFT JOIN missed_state ON missed_state.id = 1 WHERE lanes.id = 1"""
GO_ON = """
INSERT INTO missed_state (id, last_id) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET last_id = $1"""
CANDIDATES = candidates(_RECEIVERS)
INSERT = """
INSERT INTO missed_messages (message_id, person_id, room_id, seq, decision)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[]) ON CONFLICT DO NOTHING"""

# A row that is claimed meanwhile stays, since its claim names an earlier try: the next look takes it.
DUE = """
INSERT INTO due (kind, key, at)
SELECT 'missed', person_id || '/' || room_id,
       clock_timestamp() + make_interval(secs => greatest(min(
           coalesce((SELECT seconds FROM mail_choices WHERE user_id = person_id), $4::float8) - age), 0))
FROM unnest($1::bigint[], $2::bigint[], $3::float8[]) AS waiting(person_id, room_id, age)
GROUP BY person_id, room_id
ON CONFLICT (kind, key) DO UPDATE SET tries = due.tries + 1"""

RECEIVER = """
SELECT email, language, unsubscribe::text AS unsubscribe
FROM users JOIN confirmed_addresses AS c ON c.user_id = users.id AND c.email_key = users.email_key
WHERE users.id = $1 AND disabled_at IS NULL AND deleted_at IS NULL
    AND NOT EXISTS (SELECT FROM mail_choices WHERE user_id = $1 AND seconds = 0)"""
ROOM = """
INSERT INTO missed_rooms AS mine (person_id, room_id) VALUES ($1, $2)
ON CONFLICT (person_id, room_id) DO UPDATE SET tries = mine.tries
RETURNING root_id, read_seq, pending_id, tries, extract(epoch FROM now())::float8 AS now,
    coalesce((SELECT seq FROM marks WHERE room_id = $2 AND user_id = $1), 0) AS now_read"""
LOCK_ROOM = "SELECT FROM missed_rooms WHERE person_id = $1 AND room_id = $2 FOR UPDATE"
WAITING = f"""
SELECT mine.message_id, mine.seq, mine.mail_id, coalesce(m.text, '') AS text,{FACTS},
       {_WAIT} AS wait
FROM missed_messages AS mine{FACTS_FROM}
WHERE mine.person_id = $1 AND mine.room_id = $2 AND mine.decision = 'waiting'
ORDER BY mine.message_id"""
PENDING = "UPDATE missed_rooms SET pending_id = $3 WHERE person_id = $1 AND room_id = $2"
IN_MAIL = "UPDATE missed_messages SET mail_id = $3 WHERE person_id = $1 AND message_id = ANY ($2)"
SETTLE = """
UPDATE missed_messages AS mine
SET decision = made.decision, answer = coalesce($4, answer), decided_at = clock_timestamp()
FROM unnest($2::bigint[], $3::text[]) AS made(message_id, decision)
WHERE mine.person_id = $1 AND mine.message_id = made.message_id AND mine.decision = 'waiting'"""
SENT = """
UPDATE missed_rooms SET root_id = coalesce(root_id, $3), read_seq = $4, pending_id = NULL, tries = 0
WHERE person_id = $1 AND room_id = $2 AND pending_id = $3"""
NOT_SENT = """
UPDATE missed_rooms SET pending_id = NULL, tries = 0 WHERE person_id = $1 AND room_id = $2 AND pending_id = $3"""
TRIED = """
UPDATE missed_rooms SET tries = $4 WHERE person_id = $1 AND room_id = $2 AND pending_id = $3"""
NEXT = f"""
SELECT min(greatest({_WAIT}, 0))
FROM missed_messages AS mine JOIN messages AS m ON m.id = mine.message_id
WHERE mine.person_id = $1 AND mine.room_id = $2 AND mine.decision = 'waiting'"""

FORGET = f"""
DELETE FROM missed_messages AS old USING (
    SELECT message_id, person_id FROM missed_messages WHERE decided_at < now() - interval '{KEPT} s'
    ORDER BY decided_at LIMIT $1
) AS oldest WHERE old.message_id = oldest.message_id AND old.person_id = oldest.person_id"""
EXPLAIN = """
SELECT decision, extract(epoch FROM decided_at)::float8 AS at, answer FROM missed_messages
WHERE person_id = $1 AND message_id = (SELECT id FROM messages WHERE room_id = $2 AND seq = $3)"""
LAST = """
SELECT room_id, seq, decision, extract(epoch FROM decided_at)::float8 AS at, answer FROM missed_messages
WHERE person_id = $1 ORDER BY message_id DESC LIMIT $2"""

CHOICE = f"""
SELECT {_CHOSEN} AS seconds,
       EXISTS (SELECT FROM confirmed_addresses AS c JOIN users ON users.id = c.user_id
               WHERE c.user_id = $1 AND c.email_key = users.email_key) AS is_confirmed"""
CHOOSE = """
INSERT INTO mail_choices (user_id, seconds) SELECT id, $2 FROM users WHERE id = $1 AND deleted_at IS NULL
ON CONFLICT (user_id) DO UPDATE SET seconds = $2"""
LOOK_AGAIN = """
UPDATE due SET at = clock_timestamp(), tries = tries + 1
WHERE kind = 'missed' AND key IN (
    SELECT person_id || '/' || room_id FROM missed_messages WHERE person_id = $1 AND decision = 'waiting')"""
UNSUBSCRIBE = """
INSERT INTO mail_choices (user_id, seconds)
SELECT user_id, 0 FROM confirmed_addresses WHERE unsubscribe = $1::text::uuid
ON CONFLICT (user_id) DO UPDATE SET seconds = 0"""
