-- Replies, mentions, and the texts that messages had before they were edited. No table is read or written as a whole.
-- Serves: 8

-- Ids of the people whom the text names; 0 stands for everybody in the room.
ALTER TABLE messages ADD reply_seq bigint, ADD mentions bigint[];

-- Each person of `messages.mentions` but the sender, to be counted behind a read mark. `id` is the message's.
CREATE TABLE mentions (
    room_id   bigint NOT NULL,
    person_id bigint NOT NULL,
    seq       bigint NOT NULL,
    id        bigint NOT NULL,
    sender_id bigint NOT NULL,
    PRIMARY KEY (room_id, person_id, seq)
);

-- `pos` is the change that put another text in the place of this one, which was there from `created_at` on.
CREATE TABLE edits (
    room_id    bigint NOT NULL,
    seq        bigint NOT NULL,
    pos        bigint NOT NULL,
    text       text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (room_id, seq, pos)
);

-- A trigger, because older servers delete messages too: no text of a deleted message stays.
CREATE FUNCTION forget_texts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM edits WHERE room_id = OLD.room_id AND seq = OLD.seq;
    DELETE FROM mentions WHERE room_id = OLD.room_id AND person_id = ANY (OLD.mentions) AND seq = OLD.seq;
    RETURN NULL;
END $$;
CREATE TRIGGER messages_forget AFTER UPDATE OF deleted_at ON messages
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION forget_texts();
