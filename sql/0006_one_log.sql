-- One log: ids ascend without a gap in the order of publishing, whoever writes; each room counts all its changes.

-- One row. A writing statement locks it first: who has it writes, and its messages' ids follow its last_id.
CREATE TABLE lanes (
    id      bigint PRIMARY KEY,
    last_id bigint NOT NULL
);
INSERT INTO lanes (id, last_id) SELECT 1, coalesce(max(id), 0) FROM messages;
ALTER TABLE messages ALTER COLUMN id DROP IDENTITY;

-- A message is a change too: pos counts a room's messages and all that becomes of them, as seq counts its messages.
-- What was there before has had no other changes.
ALTER TABLE rooms ADD last_pos bigint NOT NULL DEFAULT 0;
UPDATE rooms SET last_pos = last_seq WHERE last_seq > 0;
ALTER TABLE messages ADD pos bigint;

-- What was sent with a key, so that the same key with another text is a conflict.
ALTER TABLE messages ADD key_digest bytea;

-- The table is written anew, once: an UPDATE would take longer, and leave it twice as large.
ALTER TABLE messages
    ALTER pos TYPE bigint USING seq,
    ALTER pos SET NOT NULL,
    ALTER key_digest TYPE bytea USING
        CASE WHEN client_key IS NOT NULL THEN sha256(convert_to(room_id || E'\n' || text, 'UTF8')) END,
    ADD CHECK ((client_key IS NULL) = (key_digest IS NULL));
CREATE UNIQUE INDEX messages_room_pos ON messages (room_id, pos);
