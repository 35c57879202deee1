-- When the time of each due item was set: one that was set in the future was set before the clock was set back.
-- Serves: 18

ALTER TABLE due ADD COLUMN set_at timestamptz NOT NULL DEFAULT clock_timestamp();
CREATE INDEX due_set ON due (set_at);

CREATE FUNCTION note_due_set() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.set_at := clock_timestamp();
    RETURN NEW;
END $$;
CREATE TRIGGER due_set BEFORE INSERT OR UPDATE OF at ON due FOR EACH ROW EXECUTE FUNCTION note_due_set();
