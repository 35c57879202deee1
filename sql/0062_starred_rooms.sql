-- Rooms that people have starred: each for oneself.
-- Serves: 18

ALTER TABLE marks ADD starred boolean NOT NULL DEFAULT false;
