-- People who may not come in, for now or never again; and word of every change of a person to whoever listens.

-- A deleted person stays as a row: what they said keeps its sender, and nobody else can take their name and pass for
-- them. Everything else about them is gone, and for everybody there is no such person.
ALTER TABLE users ADD disabled_at timestamptz, ADD deleted_at timestamptz,
    ADD CHECK (deleted_at IS NULL OR (email IS NULL AND password_hash = ''));

-- Sent with the commit, whoever makes it: this server, another, a command, or psql. The servers look the person up.
CREATE FUNCTION tell_of_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('chat_people', OLD.id::text);
    RETURN NULL;
END $$;
CREATE TRIGGER users_tell AFTER UPDATE OR DELETE ON users FOR EACH ROW EXECUTE FUNCTION tell_of_person();
