-- Reports of messages to the moderators of the server: one row for each message, with its text as it was, and one for
-- each person who reported it.
-- Serves: 18

-- While `handled_at` is absent, the moderators have it to do. A message that has expired takes its rows along. One that
-- was deleted, alone or with its room, does not: what was said is why it was reported.
CREATE TABLE reported_messages (
    id           bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    room_id      bigint NOT NULL,
    seq          bigint NOT NULL,
    author_id    bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    text         text NOT NULL,
    files        text[] NOT NULL,
    said_at      timestamptz NOT NULL,
    handled_at   timestamptz,
    handled_by   bigint REFERENCES users ON DELETE SET NULL,
    was_deleted  boolean NOT NULL DEFAULT false,
    was_banned   boolean NOT NULL DEFAULT false,
    was_disabled boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX reported_messages_open ON reported_messages (room_id, seq) WHERE handled_at IS NULL;
CREATE INDEX reported_messages_open_ids ON reported_messages (id) WHERE handled_at IS NULL;
CREATE INDEX reported_messages_message ON reported_messages (room_id, seq);
CREATE INDEX reported_messages_handled ON reported_messages (handled_at) WHERE handled_at IS NOT NULL;
CREATE INDEX reported_messages_author ON reported_messages (author_id);

-- `text` is absent where it is as in `reported_messages`.
CREATE TABLE reports (
    reporter_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    room_id     bigint NOT NULL,
    seq         bigint NOT NULL,
    reported_id bigint NOT NULL REFERENCES reported_messages ON DELETE CASCADE,
    reason      text NOT NULL,
    comment     text NOT NULL CHECK (length(comment) <= 500),
    text        text,
    reported_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (reporter_id, room_id, seq)
);
CREATE INDEX reports_of_message ON reports (reported_id, reported_at);

CREATE FUNCTION forget_reports() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM reported_messages WHERE room_id = OLD.room_id AND seq = OLD.seq
        AND EXISTS (SELECT FROM rooms WHERE id = OLD.room_id AND deleted_at IS NULL);
    RETURN NULL;
END $$;
CREATE TRIGGER messages_reports AFTER DELETE ON messages FOR EACH ROW EXECUTE FUNCTION forget_reports();
