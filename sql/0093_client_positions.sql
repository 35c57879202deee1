-- Up to where a person's client has received everything, for clients that keep no position themselves (IRC).
-- Serves: 18

-- `client` is the name that the person gives it at its log-in; `log_id` is the id of a change of the log.
CREATE TABLE client_positions (
    person_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    client    text NOT NULL,
    log_id    bigint NOT NULL,
    used_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (person_id, client)
);

-- A trigger, because older servers delete accounts too.
CREATE FUNCTION forget_client_positions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM client_positions WHERE person_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER users_client_positions AFTER UPDATE OF deleted_at ON users
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION forget_client_positions();
