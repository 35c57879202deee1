-- What becomes of messages after they were said: changes, which are entries of the log as messages are.

-- The pos of a message's latest change; NULL where there was none. deleted_by is NULL where it was done by a command.
ALTER TABLE messages ADD changed_pos bigint, ADD edited_at timestamptz, ADD deleted_by bigint;

-- An edit's text stands with the message alone: who is told of the change later is told the text of then, and once the
-- message is deleted nobody is. As messages, changes are removed little by little after their room.
CREATE TABLE changes (
    id         bigint PRIMARY KEY,
    room_id    bigint NOT NULL,
    pos        bigint NOT NULL,
    seq        bigint NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('edited', 'deleted', 'reacted')),
    actor_id   bigint REFERENCES users,
    emoji      text,
    is_on      boolean,
    created_at timestamptz NOT NULL,
    UNIQUE (room_id, pos),
    CHECK ((emoji IS NOT NULL) = (kind = 'reacted') AND (is_on IS NOT NULL) = (kind = 'reacted')),
    CHECK (actor_id IS NOT NULL OR kind = 'deleted')
);

CREATE TABLE reactions (
    room_id   bigint NOT NULL,
    seq       bigint NOT NULL,
    emoji     text NOT NULL,
    person_id bigint NOT NULL REFERENCES users,
    PRIMARY KEY (room_id, seq, emoji, person_id)
);
