-- Exports and imports that admins start in the page: the latest of each kind, done by a process beside one server.
-- Serves: 18

CREATE TABLE transfers (
    kind          text PRIMARY KEY,
    -- Of its files in the directory of transfers, another one for each request.
    name          text NOT NULL UNIQUE,
    by_id         bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    asked_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- Whether a server has to work on it: else it has ended, or waits for an admin.
    is_due        boolean NOT NULL DEFAULT true,
    -- The server that works on it, and until when no other one does.
    claimed_by    bigint,
    claimed_until timestamptz,
    -- How far it is: so many of about so many messages, files, …
    stage         text,
    done          bigint NOT NULL DEFAULT 0,
    whole         bigint NOT NULL DEFAULT 0,
    ended_at      timestamptz,
    failure       text,
    -- Why it failed, in English.
    problem       text,

    -- Of an export: its only room, and whether it has the bytes of files.
    room_id       bigint,
    has_files     boolean NOT NULL DEFAULT true,
    size          bigint,
    -- The last link: the digest of its code, the admin who made it, their session, and the generation of their tokens.
    link          bytea UNIQUE,
    link_by       bigint REFERENCES users ON DELETE SET NULL,
    session_id    bigint,
    generation    integer
);
