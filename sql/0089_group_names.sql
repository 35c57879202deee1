-- The name of a group's room has the names of its people and of nobody else: who left, or whose account is deleted, goes
-- from it too.
-- Serves: 18

CREATE FUNCTION name_groups(changed bigint[]) RETURNS void LANGUAGE sql AS $$
    UPDATE rooms SET name = made.name, name_key = lower(made.name) || E'\n' || gen_random_uuid()
    FROM (
        SELECT id AS room_id, left(coalesce((
            SELECT string_agg(users.name, ', ' ORDER BY users.id)
            FROM memberships JOIN users ON users.id = user_id
            WHERE room_id = rooms.id AND users.deleted_at IS NULL
        ), '…'), 64) AS name
        FROM rooms WHERE id = ANY (changed) AND people_key IS NOT NULL AND deleted_at IS NULL
    ) AS made
    WHERE rooms.id = made.room_id
$$;

CREATE OR REPLACE FUNCTION free_people() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    freed bigint[];
BEGIN
    WITH free AS (
        UPDATE rooms SET people_key = 'left ' || id
        WHERE id IN (SELECT room_id FROM ended) AND people_key IS NOT NULL AND deleted_at IS NULL
        RETURNING id
    )
    SELECT array_agg(id) INTO freed FROM free;
    IF freed IS NOT NULL THEN
        PERFORM name_groups(freed);
    END IF;
    RETURN NULL;
END $$;
