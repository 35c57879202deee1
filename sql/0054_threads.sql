-- Threads: of each reply the message with which its thread begins, and who follows a thread.
-- Serves: 18

-- `root` is the seq of that message. A table beside the messages, so that those that are no replies pay nothing, and
-- so that the migration reads none.
CREATE TABLE thread_replies (
    room_id    bigint NOT NULL,
    seq        bigint NOT NULL,
    root       bigint NOT NULL,
    is_deleted boolean NOT NULL DEFAULT false,
    PRIMARY KEY (room_id, seq)
);
CREATE INDEX thread_replies_root ON thread_replies (room_id, root, seq) WHERE NOT is_deleted;

-- The number of replies that are not deleted, and the newest of them.
CREATE TABLE threads (
    room_id  bigint NOT NULL,
    root     bigint NOT NULL,
    replies  bigint NOT NULL,
    last_seq bigint,
    last_at  timestamptz,
    PRIMARY KEY (room_id, root)
) WITH (fillfactor = 70);

-- `is_on` is false for those who have unfollowed: nothing but themselves makes them follow again. No foreign keys:
-- nothing here may hold up a message or an account.
CREATE TABLE thread_follows (
    room_id   bigint NOT NULL,
    root      bigint NOT NULL,
    person_id bigint NOT NULL,
    is_on     boolean NOT NULL DEFAULT true,
    PRIMARY KEY (room_id, root, person_id)
);
CREATE INDEX thread_follows_person ON thread_follows (person_id);

-- Replies from before this have their roots up to the message `last_id`; the servers go on up to `end_id`.
CREATE TABLE threads_state (
    id      bigint PRIMARY KEY CHECK (id = 1),
    last_id bigint NOT NULL,
    end_id  bigint NOT NULL
);

-- The root of a message's thread; of a message that is no reply, and of one that is not there, its own seq. A reply
-- answers an earlier message, so this ends.
CREATE FUNCTION thread_root(of_room bigint, of_seq bigint) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    place    bigint := of_seq;
    found    bigint;
    answered bigint;
BEGIN
    LOOP
        SELECT root INTO found FROM thread_replies WHERE room_id = of_room AND seq = place;
        IF found IS NOT NULL THEN
            RETURN found;
        END IF;
        SELECT reply_seq INTO answered FROM messages WHERE room_id = of_room AND seq = place;
        IF answered IS NULL OR answered >= place THEN
            RETURN place;
        END IF;
        place := answered;
    END LOOP;
END $$;

CREATE FUNCTION follow_thread(of_room bigint, of_root bigint, people bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO thread_follows (room_id, root, person_id)
    SELECT DISTINCT of_room, of_root, each FROM unnest(people) AS each WHERE each > 0 ORDER BY each
    ON CONFLICT DO NOTHING;
END $$;

-- Who begins a thread, replies in it, or is mentioned in it, follows it.
CREATE FUNCTION add_reply(reply messages) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    of_root bigint := thread_root(reply.room_id, reply.reply_seq);
    is_gone boolean := reply.deleted_at IS NOT NULL;
    before  bigint;
BEGIN
    INSERT INTO thread_replies (room_id, seq, root, is_deleted)
    VALUES (reply.room_id, reply.seq, of_root, is_gone) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO threads AS mine (room_id, root, replies, last_seq, last_at)
    SELECT reply.room_id, of_root, 1, reply.seq, reply.created_at WHERE NOT is_gone
    ON CONFLICT (room_id, root) DO UPDATE SET replies = mine.replies + 1,
        last_seq = greatest(mine.last_seq, reply.seq),
        last_at = CASE WHEN mine.last_seq > reply.seq THEN mine.last_at ELSE reply.created_at END
    RETURNING mine.replies - 1 INTO before;
    PERFORM follow_thread(reply.room_id, of_root, reply.sender_id || reply.mentions);
    IF before = 0 THEN
        PERFORM follow_thread(reply.room_id, of_root, sender_id || mentions)
        FROM messages WHERE room_id = reply.room_id AND seq = of_root;
    END IF;
END $$;

-- Triggers, because older servers send, edit and delete replies too.
CREATE FUNCTION note_reply() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM add_reply(NEW);
    RETURN NULL;
END $$;
CREATE TRIGGER messages_reply AFTER INSERT ON messages
    FOR EACH ROW WHEN (NEW.reply_seq IS NOT NULL) EXECUTE FUNCTION note_reply();

CREATE FUNCTION change_reply() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_root bigint;
BEGIN
    IF NEW.deleted_at IS NULL THEN
        PERFORM follow_thread(room_id, root, NEW.mentions)
        FROM thread_replies WHERE room_id = NEW.room_id AND seq = NEW.seq;
        RETURN NULL;
    END IF;
    UPDATE thread_replies SET is_deleted = true
    WHERE room_id = NEW.room_id AND seq = NEW.seq AND NOT is_deleted RETURNING root INTO of_root;
    UPDATE threads SET replies = replies - 1, (last_seq, last_at) = (
        SELECT m.seq, m.created_at
        FROM thread_replies r JOIN messages m ON m.room_id = r.room_id AND m.seq = r.seq
        WHERE r.room_id = NEW.room_id AND r.root = of_root AND NOT r.is_deleted ORDER BY r.seq DESC LIMIT 1)
    WHERE room_id = NEW.room_id AND root = of_root;
    RETURN NULL;
END $$;
CREATE TRIGGER messages_change_reply AFTER UPDATE OF deleted_at, mentions ON messages
    FOR EACH ROW WHEN (NEW.reply_seq IS NOT NULL AND (
        OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL
        OR NEW.deleted_at IS NULL AND NEW.mentions IS DISTINCT FROM OLD.mentions))
    EXECUTE FUNCTION change_reply();

CREATE FUNCTION forget_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM thread_follows WHERE person_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER users_follows AFTER UPDATE OF deleted_at ON users
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION forget_follows();

-- Gives earlier replies their roots, those among the next `most` messages but at most 200; returns whether more are
-- left. As writers do, it locks the log before it writes.
CREATE FUNCTION fill_threads(most bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    state threads_state;
    ids   bigint[];
    up_to bigint;
    reply messages;
BEGIN
    SELECT * INTO state FROM threads_state WHERE id = 1 FOR UPDATE;
    IF state.last_id >= state.end_id THEN
        RETURN false;
    END IF;
    up_to := least(state.last_id + most, state.end_id);
    ids := ARRAY(SELECT id FROM messages WHERE id > state.last_id AND id <= up_to AND reply_seq IS NOT NULL
                 ORDER BY id LIMIT 200);
    IF cardinality(ids) > 0 THEN
        PERFORM FROM lanes WHERE id = 1 FOR NO KEY UPDATE;
        FOR reply IN SELECT * FROM messages WHERE id = ANY (ids) ORDER BY id LOOP
            PERFORM add_reply(reply);
        END LOOP;
        IF cardinality(ids) = 200 THEN
            up_to := ids[200];
        END IF;
    END IF;
    UPDATE threads_state SET last_id = up_to WHERE id = 1;
    RETURN up_to < state.end_id;
END $$;

-- At last: whatever comes after the end that is read here, has met the trigger.
INSERT INTO threads_state (id, last_id, end_id) SELECT 1, 0, last_id FROM lanes WHERE id = 1;
