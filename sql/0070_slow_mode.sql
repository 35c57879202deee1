-- Rooms in slow mode: each person sends one message there in so many seconds.
-- Serves: 18

ALTER TABLE rooms ADD slow_seconds integer NOT NULL DEFAULT 0 CHECK (slow_seconds BETWEEN 0 AND 21600);

-- When people to whom it applies last sent a message there, while the room is in slow mode.
CREATE TABLE slow_mode_sends (
    room_id   bigint NOT NULL REFERENCES rooms ON DELETE CASCADE,
    person_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    sent_at   timestamptz NOT NULL,
    PRIMARY KEY (room_id, person_id)
);
CREATE INDEX slow_mode_sends_person ON slow_mode_sends (person_id);
