-- Words that hold a message for review, and the messages and edits that are held. A change of the words is announced as one of
-- the settings is: servers that know them read them again then.
-- Serves: 18

-- `folded` are the word's tokens, by which it is compared.
CREATE TABLE review_words (
    folded   text PRIMARY KEY,
    word     text NOT NULL CHECK (length(word) <= 60),
    added_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TRIGGER review_words_tell AFTER INSERT OR UPDATE OR DELETE ON review_words
    FOR EACH STATEMENT EXECUTE FUNCTION tell_of_settings();

-- A new message has the key under which it is sent if somebody allows it, an edit the `seq` of its message. `allowed`: it may be in
-- the log already; there is a due item (kind `review`, the id as key) until that is known, and then no row. `refused`: it was
-- allowed, and its author may not send it any more.
CREATE TABLE held_messages (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    author_id  bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    room_id    bigint NOT NULL REFERENCES rooms ON DELETE CASCADE,
    key        text,
    seq        bigint,
    text       text NOT NULL,
    reply      bigint,
    file_ids   bigint[] NOT NULL DEFAULT '{}',
    word       text NOT NULL,
    held_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    state      text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'allowed', 'refused', 'removed')),
    handled_at timestamptz,
    handled_by bigint REFERENCES users ON DELETE SET NULL,
    is_seen    boolean NOT NULL DEFAULT false,  -- by its author, who does not see it any more
    code       text,
    reason     text,
    error      text,
    UNIQUE (author_id, key),
    CHECK ((key IS NULL) <> (seq IS NULL)),
    CHECK ((state = 'waiting') = (handled_at IS NULL))
);
CREATE UNIQUE INDEX held_messages_edit ON held_messages (author_id, room_id, seq) WHERE state = 'waiting';
CREATE INDEX held_messages_waiting ON held_messages (id) WHERE state = 'waiting';
CREATE INDEX held_messages_author ON held_messages (author_id, id);
CREATE INDEX held_messages_room ON held_messages (room_id);
CREATE INDEX held_messages_age ON held_messages (held_at);

-- A trigger, because older servers delete accounts too.
CREATE FUNCTION forget_held_of() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM held_messages WHERE author_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER users_held AFTER UPDATE OF deleted_at ON users
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION forget_held_of();

-- What is held of a room is gone with it.
CREATE FUNCTION forget_held_in() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM held_messages WHERE room_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER rooms_held AFTER UPDATE OF deleted_at ON rooms
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION forget_held_in();
