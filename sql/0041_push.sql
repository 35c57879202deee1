-- Web Push: this server's keys, the browsers that receive pushes, and for 14 days what was decided and sent, and why.
-- Serves: 18

-- The private key (P-256) by which push services know these data; whoever needs it first makes it.
CREATE TABLE push_keys (
    id      bigint PRIMARY KEY CHECK (id = 1),
    private bytea NOT NULL
);

-- A browser of a log-in, and it ends with that. Until `held_until` its push service wants nothing.
CREATE TABLE push_subscriptions (
    session_id bigint PRIMARY KEY REFERENCES sessions ON DELETE CASCADE,
    user_id    bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    endpoint   text NOT NULL UNIQUE,
    p256dh     bytea NOT NULL,
    auth       bytea NOT NULL,
    held_until timestamptz
);
CREATE INDEX push_subscriptions_user ON push_subscriptions (user_id);

-- Those who have chosen; all others have the texts of messages in their pushes.
CREATE TABLE push_choices (
    user_id  bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    has_text boolean NOT NULL
);

-- Of all messages up to `last_id` it is decided whom they notify.
CREATE TABLE push_state (
    id      bigint PRIMARY KEY CHECK (id = 1),
    last_id bigint NOT NULL
);
INSERT INTO push_state (id, last_id) SELECT 1, last_id FROM lanes WHERE id = 1;

-- One for each message and person whom it may notify. At `due_at` it is decided again; NULL: that was for good. A server
-- claims it until `due_at`. No foreign keys: nothing here may hold up a message or an account.
CREATE TABLE push_decisions (
    message_id bigint NOT NULL,
    person_id  bigint NOT NULL,
    room_id    bigint NOT NULL,
    seq        bigint NOT NULL,
    decision   text NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at     timestamptz,
    is_claimed boolean NOT NULL DEFAULT false,
    tries      integer NOT NULL DEFAULT 0,
    PRIMARY KEY (message_id, person_id)
);
CREATE INDEX push_decisions_due ON push_decisions (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX push_decisions_open ON push_decisions (person_id, room_id) WHERE due_at IS NOT NULL;
CREATE INDEX push_decisions_person ON push_decisions (person_id, message_id);
CREATE INDEX push_decisions_decided ON push_decisions (decided_at);

-- The last answer of a push service to one of them, for one browser; `device` is the name of its log-in.
CREATE TABLE push_deliveries (
    message_id bigint NOT NULL,
    person_id  bigint NOT NULL,
    session_id bigint NOT NULL,
    device     text NOT NULL,
    state      text NOT NULL CHECK (state IN ('sent', 'gone', 'retry', 'failed')),
    status     integer,
    error      text,
    seconds    real NOT NULL,
    tries      integer NOT NULL,
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (message_id, person_id, session_id),
    FOREIGN KEY (message_id, person_id) REFERENCES push_decisions ON DELETE CASCADE
);

-- Who hears of all messages of a room, without a look at its other members.
CREATE INDEX marks_all ON marks (room_id) WHERE notify = 'all';
