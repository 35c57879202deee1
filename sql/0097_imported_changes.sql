-- Which change of a message came with an import: the message was not changed here since, if it has this one still.
-- Serves: 18

CREATE TABLE imported_changes (
    room_id bigint NOT NULL REFERENCES rooms ON DELETE CASCADE,
    seq     bigint NOT NULL,
    pos     bigint NOT NULL,
    PRIMARY KEY (room_id, seq)
);
