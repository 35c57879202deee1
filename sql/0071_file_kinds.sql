-- Files by their kind, of a room and in searches.
-- Serves: 18

-- One of image, video, audio, document and other, as `kind_of` (chat/domain/messages/files.py).
CREATE FUNCTION file_kind(type text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE
        WHEN split_part(type, '/', 1) IN ('image', 'video', 'audio') THEN split_part(type, '/', 1)
        WHEN type ~ ('^(text/|application/(pdf|msword|rtf|epub\+zip|vnd\.ms-(excel|powerpoint)|'
            || 'vnd\.(openxmlformats-officedocument|oasis\.opendocument|apple)\.))') THEN 'document'
        ELSE 'other'
    END
$$;
CREATE INDEX files_kinds ON files (room_id, file_kind(type), seq) WHERE seq IS NOT NULL;

-- Each message has words for what it has: `=link`, `=file`, `=image` and so on, and `=.rose` for `rose` in the name of a
-- file. Messages below this id may lack them: the indexer writes them, the newest first.
ALTER TABLE words_written ADD marked_from bigint NOT NULL DEFAULT 0;
UPDATE words_written SET marked_from = (SELECT last_id + 1 FROM lanes WHERE id = 1);

-- Servers of the release before write words without them: what they write is looked at once more.
CREATE OR REPLACE FUNCTION add_bucket() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.words := NEW.words || array_to_tsvector(ARRAY['~' || (NEW.id >> 16)]);
    IF NOT NEW.words @@ '''=file'' | ''=link'''::tsquery
        AND NOT EXISTS (SELECT FROM words_written WHERE id = 1 AND marked_from > NEW.id)
        AND EXISTS (
            SELECT FROM messages
            WHERE id = NEW.id AND (files IS NOT NULL OR text ~* 'https?://[^[:space:]]') AND deleted_at IS NULL)
    THEN
        INSERT INTO words_written (id, last_id, marked_from) VALUES (1, 0, NEW.id + 1)
        ON CONFLICT (id) DO UPDATE SET marked_from = greatest(words_written.marked_from, excluded.marked_from);
    END IF;
    RETURN NEW;
END $$;
