-- Canned answers of operators: texts by shortcut, of one operator, or shared by all.
-- Serves: 18

-- Without `owner_id` it is shared. Shortcuts are in lower case and NFC.
CREATE TABLE canned_answers (
    id       bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    owner_id bigint REFERENCES users ON DELETE CASCADE,
    shortcut text NOT NULL CHECK (length(shortcut) BETWEEN 1 AND 32),
    text     text NOT NULL CHECK (length(text) BETWEEN 1 AND 4000)
);
CREATE UNIQUE INDEX canned_answers_shortcut ON canned_answers (coalesce(owner_id, 0), shortcut);
CREATE INDEX canned_answers_owner ON canned_answers (owner_id, id);

-- Accounts are deleted in place, by older servers too.
CREATE FUNCTION forget_canned_answers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM canned_answers WHERE owner_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER users_canned_answers AFTER UPDATE OF deleted_at ON users
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL)
    EXECUTE FUNCTION forget_canned_answers();
