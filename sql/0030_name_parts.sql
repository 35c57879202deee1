-- People are found by any part of their name without reading all people.
-- Serves: 18

-- All parts of one to three characters, some twice. pg_trgm, which would do the same, is not on every server. The cost
-- keeps the planner from computing the parts of all people.
CREATE FUNCTION name_parts(name text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 5000 AS $$
    SELECT coalesce(array_agg(substr(name, first, size)), '{}')
    FROM generate_series(1, char_length(name)) AS first, generate_series(1, 3) AS size
$$;
CREATE INDEX users_name_parts ON users USING gin (name_parts(name_key)) WHERE NOT is_visitor;
