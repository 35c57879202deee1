-- What becomes of rooms after they were made: names and roles that change, people who are banned, invitations to rooms.
-- A server of schema 10 can't read the new kinds of changes, so this serves none.

-- 'changed' is about a room: what it is like now stands with the room. 'role' gives `person_id` that role. A membership
-- that ended with a ban is 'removed', with the role 'banned'.
ALTER TABLE changes
    ADD role text,
    DROP CONSTRAINT changes_kind_check,
    DROP CONSTRAINT changes_seq_check,
    DROP CONSTRAINT changes_person_check;
-- What was there before meets these already: nobody waits while all of it is read.
ALTER TABLE changes
    ADD CONSTRAINT changes_kind_check
        CHECK (kind IN ('edited', 'deleted', 'reacted', 'removed', 'gone', 'changed', 'role')) NOT VALID,
    ADD CONSTRAINT changes_seq_check CHECK ((seq IS NULL) = (kind IN ('removed', 'gone', 'changed', 'role'))) NOT VALID,
    ADD CONSTRAINT changes_person_check CHECK ((person_id IS NOT NULL) = (kind IN ('removed', 'role'))) NOT VALID,
    ADD CONSTRAINT changes_role_check CHECK (
        CASE kind
            WHEN 'role' THEN role IS NOT NULL AND role IN ('member', 'moderator', 'owner')
            WHEN 'removed' THEN role IS NULL OR role = 'banned'
            ELSE role IS NULL
        END
    ) NOT VALID;

ALTER TABLE bans ADD created_at timestamptz NOT NULL DEFAULT now();

-- Whoever made a room owns it as its first member, and again after leaving it as long as nobody else does.
CREATE OR REPLACE FUNCTION begin_membership() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT last_seq, CASE
        WHEN kind = 'room' AND creator_id = NEW.user_id
            AND NOT EXISTS (
                SELECT FROM memberships JOIN users ON users.id = user_id
                WHERE room_id = NEW.room_id AND role = 'owner' AND deleted_at IS NULL
            )
        THEN 'owner' ELSE NEW.role END
    INTO NEW.joined_seq, NEW.role
    FROM rooms WHERE rooms.id = NEW.room_id;
    RETURN NEW;
END $$;

-- An invite may be to a room, of its maker. `registers` says whether somebody can register with it where that takes an
-- invite. One that is used up or withdrawn has no uses left, and is kept for a while to say so.
ALTER TABLE invites
    ADD room_id bigint REFERENCES rooms ON DELETE CASCADE,
    ADD maker_id bigint REFERENCES users ON DELETE CASCADE,
    ADD registers boolean NOT NULL DEFAULT true;
CREATE INDEX invites_room ON invites (room_id) WHERE room_id IS NOT NULL;
