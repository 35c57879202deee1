"""The statements of `timelines.py`: a few look-ups for each room, never a scan of its messages.

As in `message_queries.py`, a LATERAL query with a LIMIT is always planned as a look-up for each row.
"""

from chat.domain.messages.mentions import ALL
from chat.domain.messages.reading import MOST_LOOKED_AT, MOST_UNREAD
from chat.domain.messages.sync_types import MOST_REACTORS
from chat.storage.postgres.message_queries import ROOT
from chat.storage.postgres.session import ASYNC_COMMIT
from chat.storage.postgres.support_queries import OLDEST_UNANSWERED

# --- how far people have read ---


_ONE = "(SELECT $1::bigint AS id, 1::bigint AS nth)"
_SEVERAL = "unnest($1::bigint[]) WITH ORDINALITY"


def _mine(conversations: str, people: str = _ONE) -> str:
    """Return the CTE `mine`: the rooms of the person $1, and for operators the support conversations of other people.

    `conversations` is a condition on the latter. `from_id` is the end of the log at which the person got access to a
    room without rows in `memberships`. If `people` makes $1 an array, `whose_id` is the person of each row, and `nth`
    that person's place in the array.
    """
    return f"""
me AS MATERIALIZED (
    SELECT users.id, is_operator, is_visitor, joined_id, operator_id, nth
    FROM {people} AS asked(id, nth) JOIN users ON users.id = asked.id
    WHERE deleted_at IS NULL
), mine AS (
    SELECT r.*, m.role, m.joined_seq, m.delivered_seq, me.joined_id AS from_id, me.id AS whose_id, me.nth
    FROM me JOIN memberships m ON m.user_id = me.id JOIN rooms r ON r.id = m.room_id
    WHERE r.deleted_at IS NULL
    UNION ALL
    SELECT r.*, 'member', NULL, NULL, me.joined_id, me.id, me.nth FROM me CROSS JOIN rooms r
    WHERE r.id = 1 AND NOT me.is_visitor
    UNION ALL
    SELECT r.*, 'member', NULL, NULL, me.joined_id, me.id, me.nth
    FROM me JOIN rooms r ON r.creator_id = me.id WHERE r.kind = 'support'
    UNION ALL
    SELECT r.*, 'member', NULL, NULL, me.operator_id, me.id, me.nth
    FROM me CROSS JOIN rooms r
    CROSS JOIN LATERAL (SELECT FROM users p WHERE p.id = r.creator_id AND p.deleted_at IS NULL LIMIT 1) AS there
    WHERE me.is_operator AND r.spoken_after_id IS NOT NULL AND r.kind = 'support' AND r.creator_id <> me.id
      AND {conversations}
)"""


MINE = _mine("NOT r.is_closed")


def _read(marked: str, room: str, member: str, from_id: str) -> str:
    """Return the expression of the last seq that a person has read: the mark, or else where they joined.

    In a direct room that is older than marks, it is the last delivered seq.
    """
    return f"""coalesce({marked}, {member}.joined_seq,
        CASE WHEN {room}.kind = 'direct' THEN {member}.delivered_seq END,
        seq_up_to({room}.id, {from_id}, 0, {room}.last_seq))"""


def _by_others(person: str) -> str:
    """Return the last message of the room `r` that may count as unread to a person."""
    return f"CASE WHEN r.last_sender_id = {person} THEN r.last_other_seq ELSE r.last_seq END"


def _unread(person: str, after: str, up_to: str) -> str:
    """Return the expression of how many messages of the room `r` are unread by a person.

    It does not scan the person's own messages at the end of the room.
    """
    by_others = _by_others(person)
    return f"""(
    SELECT count(*) FROM (
        SELECT FROM messages
        WHERE {after} < least({up_to}, {by_others})
          AND room_id = r.id AND seq > {after} AND seq <= least({up_to}, {by_others})
          AND kind = 'message' AND sender_id <> {person} AND deleted_at IS NULL
        LIMIT {MOST_UNREAD}
    ) AS counted)"""


def _mentions(person: str, after: str, up_to: str) -> str:
    """Return the expression of how many unread messages of the room `r` mention a person.

    It reads no row if no message is unread.
    """
    last = f"least({up_to}, {_by_others(person)})"

    def of(mentioned: str) -> str:
        return f"""
        (SELECT seq FROM mentions
         WHERE {after} < {last} AND room_id = r.id AND person_id = {mentioned} AND seq > {after} AND seq <= {last}
           AND sender_id <> {person}
         ORDER BY seq LIMIT {MOST_UNREAD})"""

    return f"(SELECT count(*) FROM ({of(person)} UNION {of(str(ALL))} LIMIT {MOST_UNREAD}) AS counted)"


READS_SINCE = f"""
WITH {MINE}
SELECT r.id AS room_id, k.seq AS read, {_unread("$1", "k.seq", "r.last_seq")} AS unread,
    {_mentions("$1", "k.seq", "r.last_seq")} AS mentions,
    EXISTS (SELECT FROM messages WHERE room_id = r.id AND seq > greatest(k.seq, r.last_seq - {MOST_LOOKED_AT})
            AND seq <= r.last_seq AND sender_id = $1 AND kind = 'message') AS has_spoken
FROM mine r
CROSS JOIN LATERAL (
    SELECT seq FROM marks WHERE room_id = r.id AND user_id = $1 AND changed_at > to_timestamp($2::float8) LIMIT 1
) AS k
WHERE k.seq IS NOT NULL
ORDER BY r.id"""

# Keeps the pairs of a room and a person with access: the lobby has everybody except visitors, a support conversation
# has its person and the operators, other rooms have their members.
OWN_ROOMS = """
    JOIN users u ON u.id = asked.user_id AND u.deleted_at IS NULL
    JOIN rooms r ON r.id = asked.room_id AND r.deleted_at IS NULL
    LEFT JOIN memberships m ON m.room_id = asked.room_id AND m.user_id = asked.user_id
    WHERE CASE r.kind
        WHEN 'lobby' THEN NOT u.is_visitor
        WHEN 'support' THEN r.creator_id = u.id OR u.is_operator
        ELSE m.room_id IS NOT NULL
    END"""

_FROM_ID = "CASE WHEN r.kind = 'support' AND r.creator_id <> u.id THEN u.operator_id ELSE u.joined_id END"

_MARKED = "(SELECT seq FROM marks WHERE room_id = r.id AND user_id = u.id)"

SHARED_READS = f"""
SELECT u.id, {_read(_MARKED, "r", "m", _FROM_ID)} AS read
FROM (SELECT $1::bigint AS room_id, unnest($2::bigint[]) AS user_id) AS asked {OWN_ROOMS}
    AND u.share_reads"""


def own_read(room: str, person: str) -> str:
    """Return the statement that reads, as `read`, the last seq that a person has read in a room."""
    return f"""
SELECT {_read(_MARKED, "r", "m", _FROM_ID)} AS read
FROM (SELECT {room}::bigint AS room_id, {person}::bigint AS user_id) AS asked {OWN_ROOMS}"""


# Rows are inserted and locked in the order of their key, so that transactions can't deadlock. text[] as in `rooms.py`.
_ASKED = """unnest($1::text[]::bigint[], $2::text[]::bigint[]) AS asked(room_id, user_id)"""

MAKE_MARKS = f"""
INSERT INTO marks (room_id, user_id)
SELECT asked.room_id, asked.user_id FROM {_ASKED} {OWN_ROOMS}
ORDER BY asked.room_id, asked.user_id
ON CONFLICT DO NOTHING"""

# Returns how many of these marks existed and were locked.
MARK_READ = f"""
WITH given AS MATERIALIZED (
    SELECT * FROM unnest($1::text[]::bigint[], $2::text[]::bigint[], $3::text[]::bigint[], $4::text[]::boolean[])
        AS given(room_id, user_id, seq, is_back)
), locked AS MATERIALIZED (
    SELECT marks.room_id, marks.user_id, marks.seq AS marked, given.seq, given.is_back
    FROM given JOIN marks USING (room_id, user_id)
    ORDER BY marks.room_id, marks.user_id FOR NO KEY UPDATE OF marks
), moved AS (
    SELECT asked.room_id, asked.user_id, asked.marked,
        CASE WHEN is_back THEN least(asked.seq, r.last_seq)
        ELSE greatest(least(asked.seq, r.last_seq), {_read("asked.marked", "r", "m", _FROM_ID)}) END AS seq
    FROM locked AS asked {OWN_ROOMS}
), written AS (
    UPDATE marks SET seq = moved.seq, changed_at = clock_timestamp() FROM moved
    WHERE marks.room_id = moved.room_id AND marks.user_id = moved.user_id AND marks.seq IS DISTINCT FROM moved.seq
)
SELECT count(*), CASE WHEN $5 THEN ({ASYNC_COMMIT}) END FROM locked"""

SET_OWN = f"""
INSERT INTO marks (room_id, user_id, notify, hidden, starred)
SELECT r.id, u.id, coalesce($3, 'mentions'), coalesce($4, false), coalesce($5, false)
FROM (SELECT $1::bigint AS room_id, $2::bigint AS user_id) AS asked {OWN_ROOMS}
ON CONFLICT (room_id, user_id)
DO UPDATE SET notify = coalesce($3, marks.notify), hidden = coalesce($4, marks.hidden),
    starred = coalesce($5, marks.starred)
RETURNING true"""

# --- snapshots of rooms ---

MILLISECONDS = "floor(extract(epoch FROM {}) * 1000)::bigint"


def at_cut(cut: str) -> str:
    """Return the joins for the state of the room `r` at the id `cut` of the log.

    `m` is its newest message then, and `later` its newest change after that message. Rarely needed look-ups depend on
    a condition on other tables' columns, so they cost nothing if it is false.
    """
    return f"""
LEFT JOIN LATERAL (SELECT * FROM messages WHERE room_id = r.id AND seq = r.last_seq LIMIT 1) AS newest ON true
LEFT JOIN LATERAL (
    SELECT newest.* WHERE newest.id <= {cut}
    UNION ALL
    SELECT earlier.* FROM (SELECT seq_up_to(r.id, {cut}, 0, r.last_seq) AS seq WHERE newest.id > {cut} OFFSET 0) AS cut
    CROSS JOIN LATERAL (SELECT * FROM messages WHERE room_id = r.id AND seq = cut.seq LIMIT 1) AS earlier
) AS m ON true
LEFT JOIN LATERAL (
    SELECT changes.pos, changes.created_at FROM changes
    WHERE r.last_pos > coalesce(m.pos, 0)
      AND room_id = r.id AND changes.pos > coalesce(m.pos, 0) AND changes.pos <= r.last_pos AND changes.id <= {cut}
    ORDER BY changes.pos DESC LIMIT 1
) AS later ON true"""


AT_CUT = at_cut("$2")


def _reactions(is_mine: str) -> str:
    """Return the reactions to the message `m` as JSON, or NULL where there are none."""
    return f"""(
    SELECT json_agg(json_build_array(emoji, count, people, is_mine) ORDER BY emoji COLLATE "C")::text
    FROM (
        SELECT emoji, count(*) AS count, (array_agg(person_id ORDER BY person_id))[1:{MOST_REACTORS}] AS people,
               bool_or({is_mine}) AS is_mine
        FROM reactions WHERE room_id = m.room_id AND seq = m.seq GROUP BY emoji
    ) AS each)"""


def message(key: str, is_mine: str) -> str:
    """Return the columns of the message `m`.

    `key` is the expression of its client key, `is_mine` the condition for a reaction of the reader's own.
    """
    return f"""m.id AS message_id, m.seq AS message_seq, m.pos AS message_pos,
    coalesce(m.changed_pos, m.pos) AS changed_pos, m.sender_id, sender.name AS sender_name, m.kind AS message_kind,
    m.text, extract(epoch FROM m.created_at)::float8 AS created_at,
    {key} AS key, extract(epoch FROM m.edited_at)::float8 AS edited_at,
    extract(epoch FROM m.deleted_at)::float8 AS deleted_at, m.deleted_by, m.reply_seq, {ROOT},
    CASE WHEN m.deleted_at IS NULL THEN m.mentions END AS mentions, m.files,
    CASE WHEN m.changed_pos > m.pos THEN {_reactions(is_mine)} END AS reactions"""


# The other people of a group, as JSON, also while they are added; NULL: the room is none.
_OTHERS = """CASE WHEN r.people_key IS NOT NULL THEN (
        SELECT coalesce(json_agg(json_build_object(
            'id', id, 'name', name, 'display_name', display_name, 'picture', picture, 'status_emoji', status_emoji,
            'status_text', status_text, 'status_until', extract(epoch FROM status_until)::float8,
            'is_operator', is_operator, 'is_moderator', is_moderator, 'is_admin', is_admin,
            'created_at', extract(epoch FROM created_at)::float8,
            'changed_at', extract(epoch FROM coalesce(changed_at, created_at))::float8
        ) ORDER BY name_key COLLATE "C"), '[]')::text
        FROM users
        WHERE id = ANY (CASE
            WHEN r.people_key LIKE 'left %' THEN ARRAY(SELECT user_id FROM memberships WHERE room_id = r.id)
            ELSE string_to_array(r.people_key, ',')::bigint[]
        END) AND id <> r.whose_id AND deleted_at IS NULL
    ) END AS others"""

MESSAGE = message("CASE WHEN m.sender_id = $1 THEN m.client_key END", "person_id = $1")

ROOMS_OF = f"WITH {_mine('NOT r.is_closed', _SEVERAL)} SELECT whose_id, id, kind FROM mine"

_IN_CONVERSATION = """CASE WHEN r.is_closed THEN 1 ELSE
            1 + (SELECT count(*) FROM users WHERE is_operator AND deleted_at IS NULL) - peer.is_operator::int
        END"""

MEMBERS_OF_CONVERSATIONS = f"""
SELECT r.id, {_IN_CONVERSATION} AS members
FROM rooms r JOIN users peer ON peer.id = r.creator_id
WHERE r.id = ANY($1::bigint[]) AND r.kind = 'support' AND r.deleted_at IS NULL"""

# Counts what the snapshots of an operator's conversations have.
COUNT_CONVERSATIONS = f"""
SELECT count(*) AS open, count(oldest.id) AS waiting, count(*) FILTER (WHERE r.assignee_id = me.id) AS mine,
    coalesce(sum(counted.unread), 0)::bigint AS unread, count(*) FILTER (WHERE counted.unread > 0) AS unread_in
FROM users me CROSS JOIN rooms r
CROSS JOIN LATERAL (SELECT FROM users p WHERE p.id = r.creator_id AND p.deleted_at IS NULL LIMIT 1) AS there
LEFT JOIN LATERAL ({OLDEST_UNANSWERED}) AS oldest ON true
LEFT JOIN LATERAL (SELECT seq, notify, hidden FROM marks WHERE room_id = r.id AND user_id = me.id LIMIT 1) AS k ON true
CROSS JOIN LATERAL (
    SELECT coalesce(k.seq, seq_up_to(r.id, me.operator_id, 0, r.last_seq)) AS read OFFSET 0
) AS own
CROSS JOIN LATERAL (
    SELECT CASE WHEN k.notify = 'none' OR k.hidden THEN 0
        ELSE {_unread("me.id", "own.read", "r.last_seq")} END AS unread
    OFFSET 0
) AS counted
WHERE me.id = $1 AND r.kind = 'support' AND NOT r.is_closed AND r.spoken_after_id IS NOT NULL
  AND r.creator_id <> me.id"""

# Snapshots for the people $1 at the ids $2: all rooms of the people at the places $3, and for the people at the places
# $4 only the rooms $5.
_CUT = "($2::bigint[])[r.nth]"

SNAPSHOTS = f"""
WITH {_mine("(NOT r.is_closed OR me.nth <> ALL($3::bigint[]))", _SEVERAL)}
SELECT r.nth, r.id, r.kind, r.name, r.topic, r.picture, r.is_private, r.archived_at IS NOT NULL AS is_archived,
    r.slow_seconds, r.role,
    CASE r.kind
        WHEN 'lobby' THEN (SELECT count(*) FROM users WHERE deleted_at IS NULL AND NOT is_visitor)
        WHEN 'support' THEN {_IN_CONVERSATION}
        WHEN 'direct' THEN CASE WHEN pair.low_id = pair.high_id THEN 1 ELSE 2 END
        ELSE coalesce(r.members, (SELECT count(*) FROM memberships WHERE room_id = r.id))
    END AS members,
    coalesce(later.pos, m.pos, 0) AS pos,
    coalesce({MILLISECONDS.format("coalesce(later.created_at, m.created_at)")}, 0) AS at,
    coalesce(m.seq, 0) AS seq, r.first_seq, own.read,
    {_unread("r.whose_id", "own.read", "coalesce(m.seq, 0)")} AS unread,
    {_mentions("r.whose_id", "own.read", "coalesce(m.seq, 0)")} AS mentioned,
    coalesce(k.notify, 'mentions') AS notify, coalesce(k.hidden, false) AS is_hidden,
    coalesce(k.starred, false) AS is_starred,
    peer.id AS peer_id, peer.name AS peer_name, peer.display_name AS peer_display_name,
    peer.picture AS peer_picture, peer.status_emoji AS peer_status_emoji, peer.status_text AS peer_status_text,
    extract(epoch FROM peer.status_until)::float8 AS peer_status_until,
    peer.is_operator AS peer_is_operator, peer.is_moderator AS peer_is_moderator, peer.is_admin AS peer_is_admin,
    peer.is_visitor AS peer_is_visitor, peer.is_visitor AND peer.disabled_at IS NOT NULL AS peer_is_disabled,
    visit.email AS visit_email, visit.page AS visit_page, visit.site_id IS NOT NULL AS visit_is_verified,
    extract(epoch FROM peer.created_at)::float8 AS peer_created_at,
    extract(epoch FROM coalesce(peer.changed_at, peer.created_at))::float8 AS peer_changed_at,
    {_OTHERS}, r.is_closed, assignee.id AS assignee_id, assignee.name AS assignee_name,
    extract(epoch FROM oldest.created_at)::float8 AS waiting_since,
    {message("CASE WHEN m.sender_id = r.whose_id THEN m.client_key END", "person_id = r.whose_id")}
FROM mine r
{at_cut(_CUT)}
LEFT JOIN LATERAL (
    SELECT seq, notify, hidden, starred FROM marks WHERE room_id = r.id AND user_id = r.whose_id LIMIT 1
) AS k ON true
CROSS JOIN LATERAL (SELECT {_read("k.seq", "r", "r", "r.from_id")} AS read OFFSET 0) AS own
LEFT JOIN LATERAL (
    SELECT low_id, high_id FROM direct_rooms WHERE r.kind = 'direct' AND room_id = r.id LIMIT 1
) AS pair ON true
LEFT JOIN LATERAL (
    SELECT * FROM users WHERE id = CASE
        WHEN r.kind = 'support' THEN r.creator_id WHEN pair.low_id = r.whose_id THEN pair.high_id ELSE pair.low_id
    END LIMIT 1
) AS peer ON true
LEFT JOIN LATERAL (
    SELECT email, page, site_id FROM visits WHERE peer.is_visitor AND user_id = peer.id LIMIT 1
) AS visit ON true
LEFT JOIN LATERAL (SELECT name FROM users WHERE id = m.sender_id LIMIT 1) AS sender ON true
LEFT JOIN LATERAL (
    SELECT id, name FROM users WHERE r.kind = 'support' AND id = r.assignee_id LIMIT 1
) AS assignee ON true
LEFT JOIN LATERAL ({OLDEST_UNANSWERED}) AS oldest ON NOT r.is_closed
WHERE r.nth = ANY($3::bigint[]) OR (r.nth, r.id) IN (SELECT * FROM unnest($4::bigint[], $5::bigint[]))
ORDER BY m.id DESC NULLS LAST, r.id DESC"""
