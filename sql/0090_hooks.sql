-- Hooks: accounts of tools, which post in one room by an address with a secret token, and can do nothing else.
-- Serves: 18

-- A hook's account is one of `users` without a password, as a visitor's is; so older servers list it nowhere and let it
-- log in nowhere. The token was shown once.
CREATE TABLE hooks (
    person_id    bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    room_id      bigint NOT NULL REFERENCES rooms ON DELETE CASCADE,
    token_digest bytea NOT NULL UNIQUE,
    may_mention  boolean NOT NULL DEFAULT false,
    by_id        bigint REFERENCES users ON DELETE SET NULL,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    used_at      timestamptz,
    error        text,
    error_at     timestamptz
);
CREATE INDEX hooks_room ON hooks (room_id, person_id);
