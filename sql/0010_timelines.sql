-- What a sync is made of: roles, topics, and how far each person has read. No table is read or written as a whole.
-- Serves: 8

-- `floor`: positions before it can't be gone on from, because something was erased. `members` counts those of a room
-- that people made; it is NULL in rooms from before this, whose members are counted when somebody asks.
ALTER TABLE rooms
    ADD topic text NOT NULL DEFAULT '',
    ADD archived_at timestamptz,
    ADD floor bigint NOT NULL DEFAULT 0,
    ADD members bigint;
ALTER TABLE rooms ALTER members SET DEFAULT 0;

-- `joined_seq` is the room's last seq when the membership began: what was said before counts as read. It is NULL where
-- that was before this.
ALTER TABLE memberships
    ADD role text NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'moderator', 'owner')),
    ADD joined_seq bigint;
UPDATE memberships SET role = 'owner'
FROM rooms WHERE rooms.kind = 'room' AND rooms.id = room_id AND rooms.creator_id = user_id;

-- Who is banned has no membership, so whoever asks for members, older servers too, need not ask for this.
CREATE TABLE bans (
    room_id bigint NOT NULL REFERENCES rooms ON DELETE CASCADE,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    PRIMARY KEY (room_id, user_id)
);

-- How far a person has read (NULL: never said), and what they want of a room. There is a row once one of them is said.
CREATE TABLE marks (
    room_id    bigint NOT NULL REFERENCES rooms ON DELETE CASCADE,
    user_id    bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    seq        bigint,
    notify     text NOT NULL DEFAULT 'mentions' CHECK (notify IN ('all', 'mentions', 'none')),
    hidden     boolean NOT NULL DEFAULT false,
    changed_at timestamptz, -- when seq was set last
    PRIMARY KEY (room_id, user_id)
) WITH (fillfactor = 70);
CREATE INDEX marks_user ON marks (user_id);

-- The ends of the log when the person came, and when they became an operator: what was said before in the lobby, and in
-- the conversations of others, counts as read. Of those who are there now it is the end of today, as a default that
-- costs no row a change.
DO $$
BEGIN
    EXECUTE format('ALTER TABLE users ADD joined_id bigint NOT NULL DEFAULT %1$s, '
                   'ADD operator_id bigint NOT NULL DEFAULT %1$s', (SELECT last_id FROM lanes WHERE id = 1));
END $$;

CREATE FUNCTION note_when_joined() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT last_id INTO NEW.operator_id FROM lanes WHERE id = 1;
    IF TG_OP = 'INSERT' THEN
        NEW.joined_id := NEW.operator_id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER users_joined BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION note_when_joined();
CREATE TRIGGER users_operator BEFORE UPDATE OF is_operator ON users
    FOR EACH ROW WHEN (NEW.is_operator AND NOT OLD.is_operator) EXECUTE FUNCTION note_when_joined();

-- Triggers, because older servers make memberships too. Whoever makes or ends one has locked the room.
CREATE FUNCTION begin_membership() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT last_seq, CASE WHEN kind = 'room' AND creator_id = NEW.user_id THEN 'owner' ELSE NEW.role END
    INTO NEW.joined_seq, NEW.role
    FROM rooms WHERE id = NEW.room_id;
    RETURN NEW;
END $$;
CREATE TRIGGER memberships_begin BEFORE INSERT ON memberships FOR EACH ROW EXECUTE FUNCTION begin_membership();

CREATE FUNCTION count_membership() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM marks WHERE room_id = OLD.room_id AND user_id = OLD.user_id;
    END IF;
    UPDATE rooms SET members = members + CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END
    WHERE id = CASE TG_OP WHEN 'INSERT' THEN NEW.room_id ELSE OLD.room_id END
      AND kind = 'room' AND members IS NOT NULL AND deleted_at IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER memberships_count AFTER INSERT OR DELETE ON memberships
    FOR EACH ROW EXECUTE FUNCTION count_membership();

-- How many people there are, and how many operators.
CREATE INDEX users_there ON users (id) WHERE deleted_at IS NULL;
CREATE INDEX users_operators ON users (id) WHERE is_operator AND deleted_at IS NULL;
