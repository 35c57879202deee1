-- When a support conversation was last mailed: at most once an hour.
-- Serves: 18

CREATE TABLE support_transcripts (
    room_id   bigint PRIMARY KEY REFERENCES rooms ON DELETE CASCADE,
    queued_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
