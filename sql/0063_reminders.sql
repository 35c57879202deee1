-- When people are reminded of messages that they have saved.
-- Serves: 18

-- `reminded_at` is when the reminder was announced; until then it is due once `remind_at` has come. A person has one due
-- item (kind `reminder`, the person's id as key), for the earliest of theirs.
ALTER TABLE saved_messages ADD COLUMN remind_at timestamptz, ADD COLUMN reminded_at timestamptz;
CREATE INDEX saved_messages_reminders ON saved_messages (person_id, remind_at) WHERE remind_at IS NOT NULL;
