-- Messages are found by the names of their files too: those that have files are read once more, and all that came later.
-- Serves: 16

UPDATE words_written
SET last_id = least(last_id, (SELECT min(id) - 1 FROM messages WHERE files IS NOT NULL AND deleted_at IS NULL));
