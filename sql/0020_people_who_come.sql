-- The servers hear of who comes, as of who is changed: there is one more in the lobby.
-- Serves: 16

CREATE FUNCTION tell_of_newcomer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('chat_people', NEW.id::text);
    RETURN NULL;
END $$;
CREATE TRIGGER users_tell_new AFTER INSERT ON users FOR EACH ROW WHEN (NOT NEW.is_visitor)
    EXECUTE FUNCTION tell_of_newcomer();
