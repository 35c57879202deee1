-- People who registered with an invitation of an admin or a command, or were added by one: they may send links and files at
-- once (`storage/postgres/newcomers.py`).
-- Serves: 18

ALTER TABLE users ADD vouched boolean NOT NULL DEFAULT false;
