-- Admins find people by any part of an e-mail address or by a role, and rooms are found by any part of their name,
-- without reading all of them.
-- Serves: 18
CREATE INDEX users_moderators ON users (id) WHERE is_moderator AND deleted_at IS NULL;
CREATE INDEX users_admins ON users (id) WHERE is_admin AND deleted_at IS NULL;
-- Of all rows, as nothing but the parts may lead to these two: sessions prefer any other index (contacts.py).
CREATE INDEX users_email_parts ON users USING gin (name_parts(email_key));
-- The last ones: messages wait for them.
CREATE INDEX rooms_listed ON rooms (id) WHERE kind IN ('lobby', 'room');
CREATE INDEX rooms_name_parts ON rooms USING gin (name_parts(name_key));
