-- The report of the desk: cases, from a person's first message, or the first after a closing, to the next closing.
-- Serves: 18

-- `last_seq` is the conversation's newest message when it was closed. `operator_id` is who answered first.
CREATE TABLE support_cases (
    room_id     bigint NOT NULL REFERENCES rooms ON DELETE CASCADE,
    last_seq    bigint NOT NULL,
    opened_at   timestamptz NOT NULL,
    answered_at timestamptz,
    operator_id bigint REFERENCES users ON DELETE SET NULL,
    closed_at   timestamptz NOT NULL,
    PRIMARY KEY (room_id, last_seq)
);
CREATE INDEX support_cases_opened ON support_cases (opened_at);
CREATE INDEX support_cases_operator ON support_cases (operator_id);

-- The case among the messages `after` < seq <= `up_to` of a conversation; no row: its person has written none of them.
CREATE FUNCTION support_case(room bigint, after bigint, up_to bigint, person bigint)
RETURNS TABLE (opened_at timestamptz, answered_at timestamptz, operator_id bigint) LANGUAGE sql STABLE ROWS 1 AS $$
    SELECT said.created_at, answer.created_at, answer.sender_id
    FROM (
        SELECT seq, created_at FROM messages
        WHERE room_id = room AND seq > after AND seq <= up_to AND sender_id = person ORDER BY seq LIMIT 1
    ) AS said
    LEFT JOIN LATERAL (
        SELECT sender_id, created_at FROM messages
        WHERE room_id = room AND seq > said.seq AND seq <= up_to AND sender_id <> person ORDER BY seq LIMIT 1
    ) AS answer ON true
$$;

-- The conversation has the state of its change already: a trigger runs at the end of the statement.
CREATE FUNCTION add_support_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO support_cases (room_id, last_seq, opened_at, answered_at, operator_id, closed_at)
    SELECT r.id, r.settled_seq, opened_at, answered_at, operator_id, NEW.created_at
    FROM rooms r CROSS JOIN LATERAL support_case(
        r.id, (SELECT coalesce(max(last_seq), 0) FROM support_cases WHERE room_id = r.id), r.settled_seq, r.creator_id
    )
    WHERE r.id = NEW.room_id
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER changes_support_case AFTER INSERT ON changes
    FOR EACH ROW WHEN (NEW.is_closed) EXECUTE FUNCTION add_support_case();

-- Those that were closed before.
WITH steps AS (
    SELECT room_id, id, created_at, is_closed, lag(is_closed, 1, false) OVER (PARTITION BY room_id ORDER BY pos) AS was_closed
    FROM changes WHERE kind = 'support'
), closings AS (
    SELECT room_id, created_at, last_seq
    FROM steps CROSS JOIN LATERAL (
        SELECT max(seq) AS last_seq FROM messages WHERE room_id = steps.room_id AND messages.id < steps.id
    ) AS said
    WHERE is_closed AND NOT was_closed AND last_seq IS NOT NULL
), bounded AS (
    SELECT *, lag(last_seq, 1, 0::bigint) OVER (PARTITION BY room_id ORDER BY last_seq) AS after FROM closings
)
INSERT INTO support_cases (room_id, last_seq, opened_at, answered_at, operator_id, closed_at)
SELECT bounded.room_id, bounded.last_seq, opened_at, answered_at, operator_id, bounded.created_at
FROM bounded JOIN rooms r ON r.id = bounded.room_id AND r.kind = 'support'
CROSS JOIN LATERAL support_case(r.id, after, bounded.last_seq, r.creator_id)
ON CONFLICT DO NOTHING;
