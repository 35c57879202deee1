-- Labels of support conversations, which operators make and give.
-- Serves: 18

CREATE TABLE labels (
    id       bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    name     text NOT NULL CHECK (length(name) BETWEEN 1 AND 32),
    -- In NFC and folded: two spellings of one name are one label.
    name_key text NOT NULL UNIQUE,
    colour   text NOT NULL CHECK (colour IN ('grey', 'red', 'orange', 'green', 'blue', 'purple'))
);

CREATE TABLE conversation_labels (
    room_id  bigint NOT NULL REFERENCES rooms ON DELETE CASCADE,
    label_id bigint NOT NULL REFERENCES labels ON DELETE CASCADE,
    PRIMARY KEY (room_id, label_id)
);
CREATE INDEX conversation_labels_label ON conversation_labels (label_id);
