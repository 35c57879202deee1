-- Mails for messages that somebody did not read: who wants them when, and for 14 days what was decided, and why.
-- Serves: 18

-- The language of the page in which the address was confirmed, and the code of the links that end mails of messages.
ALTER TABLE address_links ADD language text NOT NULL DEFAULT 'en';
ALTER TABLE confirmed_addresses ADD language text NOT NULL DEFAULT 'en';
ALTER TABLE confirmed_addresses ADD unsubscribe uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE;

-- Those who have chosen after how many seconds a mail is sent; 0: none ever. All others: 900.
CREATE TABLE mail_choices (
    user_id bigint PRIMARY KEY REFERENCES users,
    seconds integer NOT NULL CHECK (seconds >= 0)
);

-- Of all messages up to `last_id` it is decided whom they may be mailed to.
CREATE TABLE missed_state (
    id      bigint PRIMARY KEY CHECK (id = 1),
    last_id bigint NOT NULL
);

-- One for each message and person whom it may be mailed to. Each room and person with waiting ones is due as `missed`.
-- `mail_id` is the Message-ID of the mail that has it, from before the first try on. No foreign keys: nothing here may
-- hold up a message or an account.
CREATE TABLE missed_messages (
    message_id bigint NOT NULL,
    person_id  bigint NOT NULL,
    room_id    bigint NOT NULL,
    seq        bigint NOT NULL,
    decision   text NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    mail_id    text,
    answer     text,
    PRIMARY KEY (message_id, person_id)
);
CREATE INDEX missed_messages_waiting ON missed_messages (person_id, room_id) WHERE decision = 'waiting';
CREATE INDEX missed_messages_person ON missed_messages (person_id, message_id);
CREATE INDEX missed_messages_decided ON missed_messages (decided_at);

-- What was mailed to a person about a room: the first mail's id, with which all others form a thread, and how far the
-- person had read. Once they have read on, another mail may come. `pending_id` is the mail that is tried, `tries` times.
CREATE TABLE missed_rooms (
    person_id  bigint NOT NULL,
    room_id    bigint NOT NULL,
    root_id    text,
    read_seq   bigint,
    pending_id text,
    tries      integer NOT NULL DEFAULT 0,
    PRIMARY KEY (person_id, room_id)
);

CREATE FUNCTION forget_missed_mails() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM mail_choices WHERE user_id = NEW.id;
    DELETE FROM missed_messages WHERE person_id = NEW.id;
    DELETE FROM missed_rooms WHERE person_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER users_missed_mails AFTER UPDATE OF deleted_at ON users
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL)
    EXECUTE FUNCTION forget_missed_mails();
