-- Ratings: what a person thinks of a conversation with the operators, once it is closed.
-- Serves: 18

-- `seq` is the conversation's newest message when it was closed: a rating is removed with it. `operator_id` is the operator
-- who had the conversation then.
CREATE TABLE ratings (
    room_id     bigint NOT NULL,
    seq         bigint NOT NULL,
    operator_id bigint REFERENCES users ON DELETE SET NULL,
    is_good     boolean NOT NULL,
    comment     text NOT NULL DEFAULT '' CHECK (length(comment) <= 1000),
    rated_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (room_id, seq),
    FOREIGN KEY (room_id, seq) REFERENCES messages (room_id, seq) ON DELETE CASCADE
);
CREATE INDEX ratings_operator ON ratings (operator_id);
