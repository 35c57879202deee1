-- When an operator said that the database was restored from a backup: sessions may then be ahead of it.
-- Serves: 18

CREATE TABLE restores (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
