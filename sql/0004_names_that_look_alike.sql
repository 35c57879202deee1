-- Names that look like another's are refused. The server makes the skeletons (chat/model/skeletons.py), and those of
-- the names that were there before when it starts; emptying this table makes all of them anew at the next start.

CREATE TABLE name_skeletons (
    skeleton text NOT NULL,
    -- 0, so that a skeleton is one person's; where an older account has it too, from before this rule, the user's id.
    shared   bigint NOT NULL DEFAULT 0,
    user_id  bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    PRIMARY KEY (skeleton, shared),
    CHECK (shared IN (0, user_id))
);
CREATE INDEX name_skeletons_user ON name_skeletons (user_id);
CREATE INDEX name_skeletons_shared ON name_skeletons (skeleton) WHERE shared <> 0;
