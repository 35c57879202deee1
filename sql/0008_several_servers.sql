-- Several servers write to one database, and each knows of the others.

-- Who has a lease. It is written each second by each server and may be lost: whoever is no longer in it registers anew.
CREATE UNLOGGED TABLE nodes (
    number     bigint PRIMARY KEY,
    address    text NOT NULL,
    version    text NOT NULL,
    bus        text NOT NULL,
    started_at timestamptz NOT NULL,
    position   bigint NOT NULL DEFAULT 0,
    clients    bigint NOT NULL DEFAULT 0,
    lease_ends timestamptz NOT NULL
);

-- One row: the last number that was given to a server. It is a row and no sequence, which a crash may set back where
-- whoever drew a number did not commit: no two servers ever have the same.
CREATE TABLE node_numbers (last bigint NOT NULL);
INSERT INTO node_numbers (last) VALUES (0);
