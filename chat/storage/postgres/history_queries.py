"""The statements that read what was said in a room: a range of `seq`, however long the room is."""

from chat.storage.postgres.timeline_queries import AT_CUT, MESSAGE


def _history(order: str) -> str:
    """Return the statement that reads `seq` from $4 (exclusive) to $5 of the room $3, in this order of `seq`."""
    return f"""
SELECT cut.pos AS room_pos, cut.seq AS room_seq, {MESSAGE}
FROM (
    SELECT coalesce(m.seq, 0) AS seq, coalesce(later.pos, m.pos, 0) AS pos FROM rooms r {AT_CUT}
    WHERE r.id = $3 AND r.deleted_at IS NULL OFFSET 0
) AS cut
LEFT JOIN LATERAL (
    SELECT counted.* FROM (
        SELECT found.*, row_number() OVER front AS place,
               sum(octet_length(to_json(found.text)::text)) OVER front AS total
        FROM (
            SELECT * FROM messages WHERE room_id = $3 AND seq > $4::bigint AND seq <= least($5::bigint, cut.seq)
            ORDER BY seq {order} LIMIT least($6::bigint, greatest($7::bigint, 0) / 2 + 1)
        ) AS found
        WINDOW front AS (ORDER BY found.seq {order} ROWS UNBOUNDED PRECEDING)
    ) AS counted WHERE counted.total <= $7::bigint OR counted.place = 1
) AS m ON true
LEFT JOIN LATERAL (SELECT name FROM users WHERE id = m.sender_id LIMIT 1) AS sender ON true
ORDER BY m.seq"""


HISTORY_FROM = _history("ASC")
HISTORY_TO = _history("DESC")
