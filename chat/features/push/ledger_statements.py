"""The SQL of the ledger of pushes."""

from chat.features.push.ledger import CLAIM, KEPT
from chat.storage.postgres.session import ASYNC_COMMIT

LOCK_STEPS = f"SELECT pg_advisory_xact_lock({0x70757364})"  # "pusd": one server decides at a time
LOCK_CLAIMS = f"SELECT pg_advisory_xact_lock({0x70757363})"  # "pusc": one claims, so a room is claimed whole

PLACE = """
SELECT coalesce(push_state.last_id, lanes.last_id) AS last_id, lanes.last_id AS newest, push_state.id IS NULL AS is_new
FROM lanes LEFT JOIN push_state ON push_state.id = 1 WHERE lanes.id = 1"""
GO_ON = """
INSERT INTO push_state (id, last_id) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET last_id = $1"""

_DIRECT = "({room}.kind IN ('direct', 'support') OR {room}.people_key IS NOT NULL)"
_FOR_ONE = f"({_DIRECT} OR ARRAY[0, {{person}}] && {{message}}.mentions)"
_FOLLOWED = """{message}.reply_seq IS NOT NULL AND EXISTS (
           SELECT FROM thread_replies JOIN thread_follows USING (room_id, root)
           WHERE room_id = {message}.room_id AND seq = {message}.seq AND person_id = {person} AND is_on)"""
_BLOCKED = "EXISTS (SELECT FROM blocks WHERE user_id = {person} AND blocked_id = {message}.sender_id)"
_AGE = "extract(epoch FROM now() - {message}.created_at)::float8 AS age"

# Only those for whom it may be something: no statement here reads the members of a room, but of a group and for @all.
# The lobby has no members; there @all is for those who receive something.
_CANDIDATES = f"""
WITH new AS MATERIALIZED (
    SELECT m.id, m.room_id, m.seq, m.sender_id, m.created_at, coalesce(m.mentions, '{{{{}}}}') AS mentions, m.reply_seq,
           r.kind, r.creator_id, r.people_key, m.deleted_at IS NOT NULL AS is_deleted
    FROM messages m JOIN rooms r ON r.id = m.room_id
    WHERE m.id > $1 AND m.id <= $2 AND m.kind = 'message' AND r.deleted_at IS NULL AND imported_end(m.id) IS NULL
), candidates AS (
    SELECT id, unnest(mentions) AS person_id FROM new
    UNION SELECT id, user_id FROM new JOIN memberships USING (room_id) WHERE 0 = ANY (mentions)
    UNION SELECT id, user_id FROM new, {{receivers}} AS receivers WHERE kind = 'lobby' AND 0 = ANY (mentions)
    UNION SELECT id, unnest(ARRAY[low_id, high_id]) FROM new JOIN direct_rooms USING (room_id) WHERE kind = 'direct'
    UNION SELECT id, user_id FROM new JOIN memberships USING (room_id) WHERE people_key IS NOT NULL
    UNION SELECT id, creator_id FROM new WHERE kind = 'support'
    UNION SELECT new.id, users.id FROM new, users
          WHERE kind = 'support' AND users.is_operator AND users.deleted_at IS NULL
    UNION SELECT id, user_id FROM new JOIN marks USING (room_id) WHERE notify = 'all'
    UNION SELECT new.id, person_id FROM new JOIN thread_replies USING (room_id, seq)
          JOIN thread_follows USING (room_id, root) WHERE reply_seq IS NOT NULL AND is_on
)
SELECT new.id AS message_id, users.id AS person_id, new.room_id, new.seq, new.sender_id = users.id AS is_own,
       new.is_deleted,
       {_BLOCKED.format(person="users.id", message="new")} AS is_blocked,
       coalesce(marks.notify, 'mentions') AS notify,
       {_FOR_ONE.format(room="new", person="users.id", message="new")} AS is_for_one,
       {_DIRECT.format(room="new")} AS is_direct,
       {_FOLLOWED.format(person="users.id", message="new")} AS is_followed,
       EXISTS (SELECT FROM {{receivers}} AS receivers WHERE user_id = users.id) AS has_device,
       coalesce(marks.seq >= new.seq, false) AS is_read,
       {_AGE.format(message="new")}
FROM candidates JOIN new USING (id) JOIN users ON users.id = candidates.person_id
LEFT JOIN marks ON marks.room_id = new.room_id AND marks.user_id = users.id
WHERE users.deleted_at IS NULL AND NOT users.is_visitor"""


def candidates(receivers: str) -> str:
    """Return the statement that reads whom of the receivers (a table with `user_id`) new messages may be for.

    For all others the decision is known without a row: a busy server writes nothing for messages that nobody receives.
    """
    return f"""{_CANDIDATES.format(receivers=receivers)}
    AND new.sender_id <> users.id AND EXISTS (SELECT FROM {receivers} AS receivers WHERE user_id = users.id)"""


_PUSHED_TO = "push_subscriptions"
CANDIDATES = candidates(_PUSHED_TO)
CANDIDATE = f"""{_CANDIDATES.format(receivers=_PUSHED_TO)} AND users.id = $3"""
HAVE_ANY = "SELECT EXISTS (SELECT FROM push_subscriptions)"
DECIDED = f"""
SELECT id, extract(epoch FROM created_at)::float8 AS at FROM messages
WHERE room_id = $1 AND seq = $2 AND created_at > now() - interval '{KEPT} s'
    AND id <= (SELECT last_id FROM push_state WHERE id = 1)"""

# A message of the future was sent before the clock was set back.
INSERT = """
INSERT INTO push_decisions (message_id, person_id, room_id, seq, decision, due_at, rule)
SELECT message_id, person_id, room_id, seq, decision, now() + make_interval(secs => due), rule
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::float8[], $7::text[])
    AS made(message_id, person_id, room_id, seq, decision, due, rule)
ON CONFLICT DO NOTHING"""

UPCOMING = """
SELECT extract(epoch FROM now())::float8 AS now,
       (SELECT extract(epoch FROM due_at - now())::float8 FROM push_decisions
        WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1) AS wait,
       ARRAY(SELECT DISTINCT person_id FROM (
           SELECT person_id FROM push_decisions
           WHERE due_at < now() + interval '2 minutes' ORDER BY due_at LIMIT $1) AS soon) AS people"""
SET_BACK = """
UPDATE push_decisions SET due_at = now(), decided_at = now()
WHERE due_at IS NOT NULL AND decided_at > now() + interval '1 s'"""
RELEASE = "UPDATE push_subscriptions SET held_until = NULL WHERE held_until > now() + interval '1 day'"

CLAIM_DUE = f"""
WITH due AS MATERIALIZED (
    SELECT person_id, room_id, decision FROM push_decisions WHERE due_at <= now() ORDER BY due_at LIMIT $1
    FOR UPDATE SKIP LOCKED
), places AS MATERIALIZED (
    SELECT person_id, room_id FROM due
    UNION SELECT person_id, held.room_id FROM due JOIN push_decisions AS held USING (person_id)
          WHERE due.decision = 'quiet' AND held.due_at <= now() AND held.decision = 'quiet'
), chosen AS MATERIALIZED (
    SELECT message_id, person_id, due_at FROM places
    JOIN push_decisions USING (person_id, room_id)
    WHERE due_at IS NOT NULL AND (due_at <= now() OR NOT is_claimed AND decision <> 'quiet')
    FOR UPDATE OF push_decisions SKIP LOCKED
)
UPDATE push_decisions AS mine SET due_at = now() + interval '{CLAIM} s', is_claimed = true, tries = tries + 1
FROM chosen WHERE mine.message_id = chosen.message_id AND mine.person_id = chosen.person_id
RETURNING mine.message_id, mine.person_id, extract(epoch FROM now() - chosen.due_at)::float8 AS late,
    extract(epoch FROM now())::float8 AS now"""

FACTS = f"""
       coalesce(m.sender_id = mine.person_id, false) AS is_own,
       m.id IS NULL OR m.deleted_at IS NOT NULL OR r.id IS NULL OR r.deleted_at IS NOT NULL AS is_deleted,
       CASE r.kind WHEN 'room' THEN EXISTS (
                SELECT FROM memberships WHERE room_id = r.id AND user_id = mine.person_id)
            WHEN 'support' THEN r.creator_id = mine.person_id OR coalesce(p.is_operator, false)
            ELSE true END AS is_there,
       {_BLOCKED.format(person="mine.person_id", message="m")} AS is_blocked,
       coalesce(marks.notify, 'mentions') AS notify,
       coalesce({_FOR_ONE.format(room="r", person="mine.person_id", message="m")}, false) AS is_for_one,
       coalesce({_DIRECT.format(room="r")}, false) AS is_direct,
       coalesce({_FOLLOWED.format(person="mine.person_id", message="m")}, false) AS is_followed,
       coalesce(marks.seq >= mine.seq, false) OR EXISTS (
           SELECT FROM push_reports WHERE message_id = mine.message_id AND person_id = mine.person_id
               AND clicked_at IS NOT NULL) AS is_read,
       {_AGE.format(message="m")},
       m.sender_id, sender.name AS sender, r.kind, r.name AS room_name"""
"""The facts about rows that are called `mine`; `FACTS_FROM` joins what they are read from."""
FACTS_FROM = """
LEFT JOIN messages AS m ON m.id = mine.message_id
LEFT JOIN rooms AS r ON r.id = mine.room_id
LEFT JOIN users AS sender ON sender.id = m.sender_id
LEFT JOIN users AS p ON p.id = mine.person_id
LEFT JOIN marks ON marks.room_id = mine.room_id AND marks.user_id = mine.person_id"""

CLAIMED = f"""
SELECT mine.message_id, mine.person_id, mine.room_id, mine.seq, mine.tries, mine.decision = 'sent' AS is_sent,
       mine.decision = 'quiet' AS is_held,{FACTS},
       left(m.text, 200) AS text,
       coalesce((SELECT has_text FROM push_choices WHERE user_id = mine.person_id), true) AS has_text
FROM unnest($1::bigint[], $2::bigint[]) AS claimed(message_id, person_id)
JOIN push_decisions AS mine USING (message_id, person_id){FACTS_FROM}
ORDER BY mine.message_id DESC"""

DEVICES = """
SELECT s.session_id, s.user_id AS person_id, s.endpoint, s.p256dh, s.auth,
       coalesce(nullif(sessions.name, ''), left(sessions.agent, 100)) AS name,
       greatest(coalesce(extract(epoch FROM s.held_until - now())::float8, 0), 0) AS held
FROM push_subscriptions AS s
JOIN sessions ON sessions.id = s.session_id AND sessions.expires_at > now()
JOIN users ON users.id = s.user_id AND users.disabled_at IS NULL AND users.deleted_at IS NULL
WHERE s.user_id = ANY ($1)"""
TRIED = """
SELECT message_id, person_id, session_id, state <> 'retry' AS has_ended, lost, silent, claim
FROM unnest($1::bigint[], $2::bigint[]) AS claimed(message_id, person_id)
JOIN push_deliveries USING (message_id, person_id)"""

BADGES = """
SELECT person_id, (
    SELECT count(DISTINCT recent.room_id) FROM (
        SELECT room_id, seq FROM push_decisions AS d WHERE d.person_id = people.person_id
            AND decision IN ('waiting', 'sent', 'active', 'quiet', 'collapsed', 'no_device', 'failed')
        ORDER BY message_id DESC LIMIT 200
    ) AS recent LEFT JOIN marks ON marks.room_id = recent.room_id AND marks.user_id = people.person_id
    WHERE recent.seq > coalesce(marks.seq, 0)) AS badge
FROM unnest($1::bigint[]) AS people(person_id)"""

SETTLE = """
UPDATE push_decisions AS mine SET decision = made.decision, decided_at = now(), is_claimed = false,
    due_at = now() + make_interval(secs => made.again),
    held_until = CASE WHEN made.decision = 'quiet' THEN now() + make_interval(secs => made.again)
        WHEN held_until > now() THEN now() ELSE held_until END
FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::float8[], $5::integer[])
    AS made(message_id, person_id, decision, again, claim)
WHERE mine.message_id = made.message_id AND mine.person_id = made.person_id AND mine.tries = made.claim"""
# The outcome of an earlier claim than the last says only that a browser has the push: when to go on is the last one's.
SETTLE_LATE = """
UPDATE push_decisions AS mine SET decision = 'sent', decided_at = now()
FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::integer[]) AS made(message_id, person_id, decision, claim)
WHERE mine.message_id = made.message_id AND mine.person_id = made.person_id AND mine.tries > made.claim
    AND made.decision = 'sent'"""
DELIVERED = """
INSERT INTO push_deliveries
    (message_id, person_id, session_id, device, state, status, error, seconds, tries, lost, silent, claim)
SELECT made.* FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::integer[], $7::text[],
    $8::real[], $9::integer[], $10::integer[], $11::integer[], $12::integer[])
    AS made(message_id, person_id, session_id, device, state, status, error, seconds, tries, lost, silent, claim)
JOIN push_decisions USING (message_id, person_id)
ORDER BY 1, 2, 3  -- so that this and UNANSWERED wait for each other in one order
ON CONFLICT (message_id, person_id, session_id) DO UPDATE
SET state = excluded.state, status = excluded.status, error = excluded.error, seconds = excluded.seconds,
    tries = excluded.tries, at = excluded.at, lost = excluded.lost, silent = excluded.silent, claim = excluded.claim
WHERE push_deliveries.state <> 'sent'
    AND (excluded.state <> 'retry' OR push_deliveries.state = 'retry' AND push_deliveries.claim <= excluded.claim)"""
# In both, a server that comes late overwrites nothing of a later claim, unless its answer is final. The commit waits
# for no disk: a crash of PostgreSQL may undo it, which matters if this server dies too, within its claim.
UNANSWERED = f"""
WITH fast AS ({ASYNC_COMMIT})
INSERT INTO push_deliveries
    (message_id, person_id, session_id, device, state, error, seconds, tries, lost, silent, claim)
SELECT DISTINCT ON (message_id, person_id, session_id) message_id, person_id, session_id, device, 'retry', 'no_answer',
    0, made.claim, made.lost, made.silent, made.claim
FROM fast, unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::integer[], $6::integer[], $7::integer[])
    AS made(message_id, person_id, session_id, device, lost, silent, claim)
JOIN push_decisions USING (message_id, person_id)
ORDER BY 1, 2, 3, made.claim DESC  -- an outage of the database may leave several claims to note at once
ON CONFLICT (message_id, person_id, session_id) DO UPDATE
SET error = excluded.error, lost = excluded.lost, silent = excluded.silent, claim = excluded.claim, at = excluded.at
WHERE push_deliveries.state = 'retry' AND push_deliveries.claim < excluded.claim"""
# Nobody reports for a log-in that has ended. A clicked push was shown too: some browsers report the click alone.
REPORTED = """
INSERT INTO push_reports (message_id, person_id, session_id, clicked_at)
SELECT d.message_id, d.person_id, s.session_id, CASE WHEN $4 THEN clock_timestamp() END
FROM push_decisions AS d JOIN push_subscriptions AS s ON s.user_id = d.person_id
WHERE d.message_id = $1 AND d.person_id = $2 AND s.session_id = $3 FOR KEY SHARE OF d
ON CONFLICT (message_id, person_id, session_id) DO UPDATE SET clicked_at = excluded.clicked_at
WHERE push_reports.clicked_at IS NULL AND excluded.clicked_at IS NOT NULL"""
HOLD = """
UPDATE push_subscriptions AS s SET held_until = now() + make_interval(secs => made.held)
FROM unnest($1::bigint[], $2::text[], $3::float8[]) AS made(session_id, endpoint, held)
WHERE s.session_id = made.session_id AND s.endpoint = made.endpoint"""
GONE = """
DELETE FROM push_subscriptions AS s USING unnest($1::bigint[], $2::text[]) AS gone(session_id, endpoint)
WHERE s.session_id = gone.session_id AND s.endpoint = gone.endpoint"""

FORGET = f"""
DELETE FROM push_decisions AS old USING (
    SELECT message_id, person_id FROM push_decisions WHERE decided_at < now() - interval '{KEPT} s'
    ORDER BY decided_at LIMIT $1
) AS oldest WHERE old.message_id = oldest.message_id AND old.person_id = oldest.person_id"""

_EXPLAINED = """
SELECT message_id, room_id, seq, decision, rule, extract(epoch FROM decided_at)::float8 AS at,
       extract(epoch FROM held_until)::float8 AS held_until
FROM push_decisions WHERE person_id = $1"""
EXPLAIN = f"""{_EXPLAINED} AND message_id = (SELECT id FROM messages WHERE room_id = $2 AND seq = $3)"""
LAST = f"""{_EXPLAINED} ORDER BY message_id DESC LIMIT $2"""
REPORTS = """
SELECT message_id, device, state, status, error, extract(epoch FROM at)::float8 AS at,
       extract(epoch FROM shown_at)::float8 AS shown_at, extract(epoch FROM clicked_at)::float8 AS clicked_at
FROM push_deliveries LEFT JOIN push_reports USING (message_id, person_id, session_id)
WHERE person_id = $1 AND message_id = ANY ($2) ORDER BY session_id"""
