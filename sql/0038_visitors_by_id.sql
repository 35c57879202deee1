-- Finds visitors whose conversations have been closed for long, without a look at everybody.
-- Serves: 18

CREATE INDEX users_visitors ON users (id) WHERE is_visitor AND deleted_at IS NULL;
