-- A push that was sent and not answered is sent once more: how often its answer was lost, and in which claim it was sent.
-- Serves: 18

ALTER TABLE push_deliveries
    ADD COLUMN lost  integer NOT NULL DEFAULT 0,
    ADD COLUMN claim integer NOT NULL DEFAULT 0,
    DROP CONSTRAINT push_deliveries_state_check,
    ADD CONSTRAINT push_deliveries_state_check CHECK (state IN ('sent', 'gone', 'retry', 'failed', 'unknown'));
