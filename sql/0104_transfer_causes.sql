-- Why an import failed, by a key and values, for a text in the language of its reader; `problem` has the English one.
-- Serves: 18

ALTER TABLE transfers ADD cause jsonb;
