-- Bridges: outgoing hooks that speak with the API of a matterbridge, and read its messages.
-- Serves: 18

-- The bot of the outgoing hook posts what is read. `token` is sent with each call, so it is kept as it is. Of the bridges with
-- one URL and token the first is claimed, by the server that reads for all of them.
CREATE TABLE bridges (
    outgoing_id bigint PRIMARY KEY REFERENCES outgoing_hooks ON DELETE CASCADE,
    gateway     text NOT NULL,
    token       text NOT NULL,
    claim       bigint NOT NULL DEFAULT 0,
    claimed_until timestamptz
);

-- What was read and is not posted yet: a matterbridge forgets what it has handed out. `key` is that of the message.
CREATE TABLE bridge_messages (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    outgoing_id bigint NOT NULL REFERENCES bridges ON DELETE CASCADE,
    key         text NOT NULL UNIQUE,
    text        text NOT NULL
);
CREATE INDEX bridge_messages_bridge ON bridge_messages (outgoing_id, id);
