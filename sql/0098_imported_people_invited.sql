-- When an imported person was mailed a link to their account.
-- Serves: 18

ALTER TABLE imported_people ADD invited_at timestamptz;
