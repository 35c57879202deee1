-- The visits with an email address, so that operators find the other conversations with it.
-- Serves: 18

CREATE INDEX visits_email ON visits (lower(email COLLATE "C")) WHERE email IS NOT NULL;
