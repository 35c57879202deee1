-- Whose a support conversation is, and whether it is closed. A change of that is an entry of the log ('support').
-- No `Serves:`, as an older server can't read such an entry.

-- What was said up to `settled_seq`, where the conversation was closed last, waits for nobody.
ALTER TABLE rooms
    ADD is_closed boolean NOT NULL DEFAULT false,
    ADD assignee_id bigint REFERENCES users,
    ADD settled_seq bigint NOT NULL DEFAULT 0;
CREATE INDEX rooms_open ON rooms (id) WHERE kind = 'support' AND NOT is_closed;

-- What was there before meets these already: nobody waits while all of it is read.
ALTER TABLE changes
    ADD is_closed boolean,
    ADD assignee_id bigint REFERENCES users,
    ADD waiting_since timestamptz,
    DROP CONSTRAINT changes_kind_check,
    DROP CONSTRAINT changes_seq_check;
ALTER TABLE changes
    ADD CONSTRAINT changes_kind_check
        CHECK (kind IN ('edited', 'deleted', 'reacted', 'removed', 'gone', 'changed', 'role', 'support')) NOT VALID,
    ADD CONSTRAINT changes_seq_check
        CHECK ((seq IS NULL) = (kind IN ('removed', 'gone', 'changed', 'role', 'support'))) NOT VALID,
    ADD CONSTRAINT changes_support_check CHECK ((is_closed IS NOT NULL) = (kind = 'support')) NOT VALID;
