-- Each message has one word more, its bucket of 65,536 ids, as `~15`: a search reads only the buckets that it needs.
-- Serves: 18

-- A trigger, because servers of the release before write words too.
CREATE FUNCTION add_bucket() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.words := NEW.words || array_to_tsvector(ARRAY['~' || (NEW.id >> 16)]);
    RETURN NEW;
END $$;
CREATE TRIGGER message_words_bucket BEFORE INSERT OR UPDATE OF words ON message_words
    FOR EACH ROW EXECUTE FUNCTION add_bucket();

-- Messages below this id have no bucket yet: the indexer gives them one, the newest first.
ALTER TABLE words_written ADD bucketed_from bigint NOT NULL DEFAULT 0;
UPDATE words_written SET bucketed_from = (SELECT coalesce(max(id), 0) + 1 FROM message_words);
