-- What one's own mail server found out about the sender of a mailed conversation's last mail.
-- Serves: 18

ALTER TABLE mailed_conversations
    ADD verdict text NOT NULL DEFAULT 'none' CHECK (verdict IN ('pass', 'fail', 'none'));
