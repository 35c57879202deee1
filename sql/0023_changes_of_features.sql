-- Changes of features are rows of the kind 'changed' with their own fields in `data`, and no values of that kind.
-- Serves: 18

-- A server of 0.1.0 takes such a row for a change of the room by which nothing changed, and goes on.
ALTER TABLE changes ADD data jsonb;
ALTER TABLE changes ADD CONSTRAINT changes_data_check CHECK (data IS NULL OR kind = 'changed') NOT VALID;
