-- Bots: outgoing hooks that are called by messages for them, and answer by an incoming hook.
-- Serves: 18

-- `bot_id` is the incoming hook, in the same room, whose name calls the bot and by which its answers are posted; so does a
-- message that begins with `/` and `command`.
ALTER TABLE outgoing_hooks ADD COLUMN bot_id bigint REFERENCES hooks ON DELETE CASCADE, ADD COLUMN command text;
CREATE INDEX outgoing_hooks_bot ON outgoing_hooks (bot_id);
