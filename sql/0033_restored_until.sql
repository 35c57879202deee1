-- Until when a restored database has everything: the time of its backup. Clients show it to people who saw later messages.
-- Serves: 18

ALTER TABLE restores ADD until timestamptz;
