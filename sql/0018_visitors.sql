-- Visitors of the support widget: people without a password, who have their support conversation alone.
-- Serves: 16

ALTER TABLE users ADD is_visitor boolean NOT NULL DEFAULT false;
ALTER TABLE users ADD CONSTRAINT users_visitor_check CHECK (NOT is_visitor OR (
    password_hash = '' AND email IS NULL AND NOT is_operator AND NOT is_moderator AND NOT is_admin)) NOT VALID;

-- What visitors said of themselves, and the page that they wrote from. E-mail addresses of visitors are theirs to make up,
-- so many may have the same.
CREATE TABLE visits (
    user_id bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    email   text,
    page    text
);
