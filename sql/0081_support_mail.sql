-- Support conversations by mail: what was taken in and sent, and how far the mailbox was read.
-- Serves: 18

-- A mail that a person wrote has no Auto-Submitted, and may have headers and files of its own.
ALTER TABLE mails ADD headers jsonb, ADD file_ids bigint[], ADD is_automatic boolean NOT NULL DEFAULT true;

-- `last_uid` of a mailbox; the log was followed up to `followed_id` by the row 'log'.
CREATE TABLE support_mailboxes (
    name        text PRIMARY KEY,
    validity    bigint NOT NULL DEFAULT 0,
    last_uid    bigint NOT NULL DEFAULT 0,
    followed_id bigint NOT NULL DEFAULT 0
);

-- The conversations that are mailed: the address of the visitor, in lower case, and the token of the address for answers.
CREATE TABLE mailed_conversations (
    room_id    bigint PRIMARY KEY REFERENCES rooms ON DELETE CASCADE,
    person_id  bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    address    text NOT NULL,
    token      text NOT NULL UNIQUE,
    subject    text NOT NULL DEFAULT '',
    is_by_mail boolean NOT NULL,
    mailed_seq bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX mailed_conversations_address ON mailed_conversations (address, created_at);
CREATE INDEX mailed_conversations_person ON mailed_conversations (person_id);

-- Each mail of a conversation. `digest` identifies one that came in; its message has it as its key.
CREATE TABLE support_mails (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    room_id    bigint NOT NULL REFERENCES mailed_conversations ON DELETE CASCADE,
    digest     bytea UNIQUE,
    message_id text,
    kind       text NOT NULL CHECK (kind IN ('in', 'automatic', 'bounce', 'out')),
    is_settled boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX support_mails_message ON support_mails (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX support_mails_room ON support_mails (room_id, id);

-- A trigger, because older servers delete people too.
CREATE FUNCTION forget_support_mails() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM due USING mailed_conversations AS mailed
    WHERE mailed.person_id = NEW.id AND due.kind = 'support_reply' AND due.key = mailed.room_id::text;
    DELETE FROM mailed_conversations WHERE person_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER users_support_mails AFTER UPDATE OF deleted_at ON users
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL)
    EXECUTE FUNCTION forget_support_mails();
