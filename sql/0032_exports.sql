-- Exports that people asked for: one of each person, made by one server at a time, removed a day after it is made.
-- Serves: 18

CREATE TABLE exports (
    user_id       bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    -- The archive's file in the directory of exports, another one for each request.
    name          text NOT NULL UNIQUE,
    asked_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    share         real NOT NULL DEFAULT 0,
    -- The server that makes it, and until when no other one makes any.
    claimed_by    bigint,
    claimed_until timestamptz,
    made_at       timestamptz,
    size          bigint,
    failed_at     timestamptz,
    failure       text,
    -- The last link: the digest of its code, and the session and the generation of tokens that it ends with.
    link          bytea UNIQUE,
    session_id    bigint,
    generation    integer
);
