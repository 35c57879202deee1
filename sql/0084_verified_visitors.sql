-- Visitors whose site has signed who they are, by the site's own id, and the secrets with which it signs.
-- Serves: 18

ALTER TABLE visits ADD site_id text COLLATE "C";
CREATE UNIQUE INDEX visits_site_id ON visits (site_id) WHERE site_id IS NOT NULL;

-- `ends_at` is of a secret that was replaced, and is valid until then.
CREATE TABLE visitor_secrets (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    secret  text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ends_at timestamptz
);
