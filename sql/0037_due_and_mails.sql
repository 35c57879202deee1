-- What is due, when, by kind; and the queue of mails, each of which is due as `mail`.
-- Serves: 18

-- A claim moves `at` to the end of its lease and counts a try.
CREATE TABLE due (
    id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind  text NOT NULL,
    key   text NOT NULL,
    at    timestamptz NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    UNIQUE (kind, key)
);
CREATE INDEX due_earliest ON due (kind, at);

-- A mail that does not wait any more has no texts: they may contain a link that lets somebody in.
CREATE TABLE mails (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id    bigint REFERENCES users,
    address    text NOT NULL,
    message_id text NOT NULL UNIQUE,
    subject    text NOT NULL,
    text       text,
    html       text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz,
    state      text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'given_up')),
    tries      integer NOT NULL DEFAULT 0,
    error      text,
    ended_at   timestamptz,
    CHECK ((state = 'waiting') = (text IS NOT NULL AND html IS NOT NULL)),
    CHECK ((state = 'waiting') = (ended_at IS NULL))
);
CREATE INDEX mails_ended ON mails (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX mails_of_person ON mails (user_id) WHERE user_id IS NOT NULL;

-- A trigger, because older servers delete people too.
CREATE FUNCTION forget_mails() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM due USING mails WHERE due.kind = 'mail' AND due.key = mails.id::text AND mails.user_id = NEW.id;
    DELETE FROM mails WHERE user_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER users_mails AFTER UPDATE OF deleted_at ON users
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION forget_mails();
