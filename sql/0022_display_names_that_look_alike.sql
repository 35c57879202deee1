-- What display names look like, so that nobody takes another's (chat/domain/skeletons.py). Several may look alike: those
-- that were there before, and those of people who signed up where names are shared. The server fills this in when it
-- starts, for those of whom it has none.
-- Serves: 16

CREATE TABLE display_skeletons (
    skeleton text NOT NULL,
    user_id  bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    PRIMARY KEY (skeleton, user_id)
);
CREATE INDEX display_skeletons_user ON display_skeletons (user_id);
