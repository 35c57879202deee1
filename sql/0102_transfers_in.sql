-- Imports that admins start in the page: a file is uploaded in pieces, checked, and imported once an admin has seen what of it would come.
-- Serves: 18

ALTER TABLE transfers
    -- Of an import: upload, check, ready or import; and what the file is.
    ADD step       text,
    ADD source     text,
    ADD file_name  text,
    -- Bytes of `size` that have come.
    ADD received   bigint,
    -- What the check found in the file, and what was there after the import.
    ADD found      jsonb,
    -- One that waits for an admin is removed a day after it was touched.
    ADD touched_at timestamptz NOT NULL DEFAULT clock_timestamp();
