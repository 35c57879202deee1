-- Which bytes of files are not needed: those whose row was deleted here, and those that no row has had for a week.
-- Serves: 18

-- A digest for each deleted row. It is not unique, so that no deletion waits for another one.
CREATE TABLE deleted_files (digest bytea NOT NULL);
CREATE INDEX deleted_files_digest ON deleted_files (digest);

-- Bytes without a row: an upload that was interrupted, or one that is newer than a restored database.
CREATE TABLE unknown_files (
    digest  bytea PRIMARY KEY,
    seen_at timestamptz NOT NULL DEFAULT now()
);

-- A trigger, because older servers delete files too.
CREATE FUNCTION note_deleted_files() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO deleted_files (digest) SELECT digest FROM gone;
    RETURN NULL;
END $$;
CREATE TRIGGER files_note_deleted AFTER DELETE ON files REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION note_deleted_files();
