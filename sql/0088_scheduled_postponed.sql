-- When a scheduled message was to be sent at first, if slow mode has postponed it since.
-- Serves: 18

ALTER TABLE scheduled_messages ADD wanted_at timestamptz;
