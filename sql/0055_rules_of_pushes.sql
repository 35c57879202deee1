-- By which rule a message is for a person: a mention, a direct room, a followed thread, or all messages of the room.
-- Serves: 18

ALTER TABLE push_decisions ADD COLUMN rule text;
