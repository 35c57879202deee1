-- Several servers write to one database, and each knows of the others.
-- Serves: 7

-- Who has a lease. It is written each second by each server and may be lost: whoever is no longer in it registers anew.
CREATE UNLOGGED TABLE nodes (
    number     bigint PRIMARY KEY,
    address    text NOT NULL,
    version    text NOT NULL,
    bus        text NOT NULL,
    secret_digest text NOT NULL, -- by which servers see that they have one secret
    started_at timestamptz NOT NULL,
    position   bigint NOT NULL DEFAULT 0,
    clients    bigint NOT NULL DEFAULT 0,
    lease_ends timestamptz NOT NULL
);

-- One row: the last number that was given to a server. It is a row and no sequence, which a crash may set back where
-- whoever drew a number did not commit: no two servers ever have the same.
CREATE TABLE node_numbers (last bigint NOT NULL);
INSERT INTO node_numbers (last) VALUES (0);

-- The ends of memberships ('removed', of person_id) and of rooms ('gone') are changes too, about no message. That a room
-- is gone outlives the room, so that whoever reads the log late hears of it; by the database's clock.
ALTER TABLE changes
    ALTER seq DROP NOT NULL,
    ADD person_id bigint REFERENCES users,
    ADD kept_until timestamptz,
    DROP CONSTRAINT changes_kind_check,
    DROP CONSTRAINT changes_check1;
-- What was there before meets these already: nobody waits while all of it is read.
ALTER TABLE changes
    ADD CONSTRAINT changes_kind_check CHECK (kind IN ('edited', 'deleted', 'reacted', 'removed', 'gone')) NOT VALID,
    ADD CONSTRAINT changes_actor_check CHECK (actor_id IS NOT NULL OR kind IN ('deleted', 'gone')) NOT VALID,
    ADD CONSTRAINT changes_seq_check CHECK ((seq IS NULL) = (kind IN ('removed', 'gone'))) NOT VALID,
    ADD CONSTRAINT changes_person_check CHECK ((person_id IS NOT NULL) = (kind = 'removed')) NOT VALID,
    ADD CONSTRAINT changes_kept_check CHECK ((kept_until IS NOT NULL) = (kind = 'gone')) NOT VALID;
CREATE INDEX changes_kept ON changes (kept_until) WHERE kept_until IS NOT NULL;
