-- The account name of a bot ends with a mark of its own, ` (bot)`; it had that of hooks.
-- Serves: 18

WITH renamed AS (
    UPDATE users SET name = left(name, -length('(hook)')) || '(bot)', changed_at = now(),
        name_key = CASE WHEN name_key LIKE '% (hook)' THEN left(name_key, -length('(hook)')) || '(bot)' ELSE name_key END
    WHERE scopes IS NOT NULL AND name LIKE '% (hook)' RETURNING id
)
UPDATE name_skeletons SET skeleton = left(skeleton, -length('(hook)')) || '(bot)'
FROM renamed WHERE user_id = renamed.id AND skeleton LIKE '% (hook)';
