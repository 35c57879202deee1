-- Whether the owner of a bot has switched it off: what an admin has switched off, no owner switches on.
-- Serves: 18

ALTER TABLE bots ADD COLUMN is_off_by_owner boolean NOT NULL DEFAULT false;
