-- Reports go with expired messages once for each statement in place of once for each message: that took some
-- 15 us a message, as long as the removal itself.
-- Serves: 18

DROP TRIGGER messages_reports ON messages;

CREATE OR REPLACE FUNCTION forget_reports() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM reported_messages) THEN
        DELETE FROM reported_messages AS reported USING gone
        WHERE reported.room_id = gone.room_id AND reported.seq = gone.seq
            AND EXISTS (SELECT FROM rooms WHERE id = gone.room_id AND deleted_at IS NULL);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER messages_reports AFTER DELETE ON messages REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION forget_reports();
