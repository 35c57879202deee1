-- Quiet hours: the times of a day in which nothing notifies a person, but what people of their choice write.
-- Serves: 18

-- `starts` and `ends` are minutes of a day by the clocks of `zone`. They begin on `days`, of which Monday is 0.
CREATE TABLE quiet_hours (
    user_id bigint PRIMARY KEY REFERENCES users,
    is_on   boolean NOT NULL,
    starts  smallint NOT NULL CHECK (starts BETWEEN 0 AND 1439),
    ends    smallint NOT NULL CHECK (ends BETWEEN 0 AND 1439),
    days    smallint[] NOT NULL,
    zone    text NOT NULL
);

-- The people whose messages notify in quiet hours too.
CREATE TABLE quiet_passes (
    user_id    bigint NOT NULL REFERENCES users,
    passing_id bigint NOT NULL REFERENCES users,
    PRIMARY KEY (user_id, passing_id)
);

-- The end of the quiet hours that hold a push back, or held it back.
ALTER TABLE push_decisions ADD held_until timestamptz;

CREATE FUNCTION forget_quiet_hours() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM quiet_hours WHERE user_id = NEW.id;
    DELETE FROM quiet_passes WHERE NEW.id IN (user_id, passing_id);
    RETURN NULL;
END $$;
CREATE INDEX quiet_passes_passing ON quiet_passes (passing_id);
CREATE TRIGGER users_quiet_hours AFTER UPDATE OF deleted_at ON users
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL)
    EXECUTE FUNCTION forget_quiet_hours();
