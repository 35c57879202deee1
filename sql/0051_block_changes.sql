-- When the people whom somebody blocks changed last: a client that comes back learns of it.
-- Serves: 18

CREATE TABLE block_changes (
    user_id bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    at      timestamptz NOT NULL
);

-- In order, so that two transactions that change several people's blocks do not wait for each other.
CREATE FUNCTION note_block_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO block_changes (user_id, at)
    SELECT id, clock_timestamp() FROM users WHERE id IN (SELECT user_id FROM changed) ORDER BY id
    ON CONFLICT (user_id) DO UPDATE SET at = EXCLUDED.at;
    RETURN NULL;
END $$;
CREATE TRIGGER blocks_added AFTER INSERT ON blocks
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_block_changes();
CREATE TRIGGER blocks_removed AFTER DELETE ON blocks
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_block_changes();
