-- An address is confirmed while the account has it; another one has to be confirmed again. email_key takes more for the
-- same than mail servers do (ß for ss): lower() in the collation C is about ASCII alone.
-- Serves: 18

-- Links first: a use of one at the same time is then either seen by the second statement, or finds the link used.
CREATE FUNCTION forget_confirmed_address() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE address_links SET used_at = clock_timestamp() WHERE user_id = NEW.id AND used_at IS NULL;
    UPDATE password_resets SET used_at = clock_timestamp() WHERE user_id = NEW.id AND used_at IS NULL;
    DELETE FROM confirmed_addresses WHERE user_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER users_other_address AFTER UPDATE OF email ON users
    FOR EACH ROW WHEN (lower(OLD.email COLLATE "C") IS DISTINCT FROM lower(NEW.email COLLATE "C"))
    EXECUTE FUNCTION forget_confirmed_address();
