-- Whoever made invites lists them, those that end first before the others.
-- Serves: 16

CREATE INDEX invites_maker ON invites (maker_id, expires_at, digest) WHERE maker_id IS NOT NULL;
