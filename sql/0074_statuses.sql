-- Statuses of people: an emoji, a text, and when it ends.
-- Serves: 18

-- Where everybody who reads a person finds them, as their name and picture.
ALTER TABLE users ADD status_emoji text, ADD status_text text NOT NULL DEFAULT '', ADD status_until timestamptz;
CREATE INDEX users_status_until ON users (status_until) WHERE status_until IS NOT NULL;

CREATE TRIGGER users_changed_status BEFORE UPDATE OF status_emoji, status_text, status_until ON users
    FOR EACH ROW WHEN ((NEW.status_emoji, NEW.status_text, NEW.status_until)
        IS DISTINCT FROM (OLD.status_emoji, OLD.status_text, OLD.status_until)) EXECUTE FUNCTION note_profile_change();

-- A trigger, because older servers delete people too.
CREATE FUNCTION forget_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.status_emoji := NULL;
    NEW.status_text := '';
    NEW.status_until := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER users_forget_status BEFORE UPDATE OF deleted_at ON users
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION forget_status();
