-- Emoji of this server: small images with names.
-- Serves: 18

-- The bytes are kept and served as those of pictures (0057), by rows of the kind `emoji` with the id as target.
CREATE TABLE custom_emoji (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name     text NOT NULL UNIQUE,
    digest   bytea NOT NULL,
    maker_id bigint NOT NULL,  -- perhaps of a removed account
    added_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE pictures DROP CONSTRAINT pictures_kind_check,
    ADD CONSTRAINT pictures_kind_check CHECK (kind IN ('person', 'room', 'server', 'emoji'));
