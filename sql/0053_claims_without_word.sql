-- Claims of servers that died: each may have sent the push, so they count once an answer of it was lost.
-- Serves: 18

ALTER TABLE push_deliveries ADD COLUMN silent integer NOT NULL DEFAULT 0;
