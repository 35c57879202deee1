-- Bans of network addresses, until a time or for good. A change is announced as one of the settings is: servers that know bans
-- read them again then.
-- Serves: 18

CREATE TABLE address_bans (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    network          cidr NOT NULL UNIQUE,
    registering_only boolean NOT NULL,
    until            timestamptz,
    reason           text NOT NULL,
    by_id            bigint REFERENCES users ON DELETE SET NULL,
    created_at       timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TRIGGER address_bans_tell AFTER INSERT OR UPDATE OR DELETE ON address_bans
    FOR EACH STATEMENT EXECUTE FUNCTION tell_of_settings();
