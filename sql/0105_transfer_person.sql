-- An export of what one person wrote.
-- Serves: 18

ALTER TABLE transfers ADD person_id bigint;
