-- Who keeps the file cleaner from removing bytes: a backup, until it has copied the files. A hold ends by itself.
-- Serves: 18

CREATE TABLE removal_holds (
    id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    until timestamptz NOT NULL
);
