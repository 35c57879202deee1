-- Retention beside messages: earlier texts, changes, keys of messages, and read marks.
-- Serves: 18

-- When another text came in place of this one, also if an older server writes it. Those that are there count from now on.
ALTER TABLE edits ADD replaced_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX edits_replaced ON edits (replaced_at, room_id, seq, pos);

-- Messages with ids up to `keys_id` have no key any more. Of those with changes up to `digests_id`, which was the end of
-- the log, deleted ones may have a whole digest: it goes, from the newest to the oldest. The row is there from now on, because
-- steps lock it.
ALTER TABLE retention_state
    ADD keys_id bigint NOT NULL DEFAULT 0,
    ADD digests_id bigint NOT NULL DEFAULT 0;
INSERT INTO retention_state (id) VALUES (1) ON CONFLICT DO NOTHING;
UPDATE retention_state SET digests_id = (SELECT last_id FROM lanes WHERE id = 1);

-- The digest of a short text is nearly the text. A trigger, because older servers delete messages too. The key stays, so
-- that the message is not sent again, and one byte of the digest, by which another text is noticed.
CREATE FUNCTION forget_digest() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.key_digest := substr(OLD.key_digest, 1, 1);
    RETURN NEW;
END $$;
CREATE TRIGGER messages_forget_digest BEFORE UPDATE OF deleted_at ON messages
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL AND OLD.key_digest IS NOT NULL)
    EXECUTE FUNCTION forget_digest();
