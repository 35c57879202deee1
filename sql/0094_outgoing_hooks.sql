-- Outgoing hooks: positions in the log, from which changes are sent to an address by HTTP.
-- Serves: 18

-- `room_id` NULL: all rooms of its owner. `kinds` are the types of native events; none: all. `position` is the log id up to
-- which the receiver has all. The secret signs, so it is kept as it is; the one before signs too until `old_until`.
-- `batch_end` is the end of a batch that failed: it is sent again with the same id. `claim` rises with each claim and each
-- change by its owner, so an outcome of before is void. `off_reason` NULL: it is on.
CREATE TABLE outgoing_hooks (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner_id      bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    room_id       bigint REFERENCES rooms ON DELETE CASCADE,
    kinds         text[] NOT NULL,
    url           text NOT NULL,
    secret        text NOT NULL,
    old_secret    text,
    old_until     timestamptz,
    position      bigint NOT NULL,
    replays       integer NOT NULL DEFAULT 0,
    batch_end     bigint,
    tries         integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    due_at        timestamptz,
    claim         bigint NOT NULL DEFAULT 0,
    claimed_until timestamptz,
    off_reason    text,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    sent_at       timestamptz,
    error         text,
    error_at      timestamptz
);
CREATE INDEX outgoing_hooks_owner ON outgoing_hooks (owner_id, id);
CREATE INDEX outgoing_hooks_room ON outgoing_hooks (room_id);
