-- Teams of operators, and which support conversations are whose. A change of the teams is announced as one of the settings is.
-- Serves: 18

-- `in_turn`: its conversations are given to operators who are online. Conversations of no team are those of the default team.
CREATE TABLE teams (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL,
    name_key   text NOT NULL UNIQUE,
    in_turn    boolean NOT NULL,
    is_default boolean NOT NULL
);
CREATE UNIQUE INDEX teams_default ON teams (is_default) WHERE is_default;
CREATE TRIGGER teams_tell AFTER INSERT OR UPDATE OR DELETE ON teams
    FOR EACH STATEMENT EXECUTE FUNCTION tell_of_settings();

-- `turn_at` is when somebody was last given a conversation.
CREATE TABLE team_members (
    team_id   bigint NOT NULL REFERENCES teams ON DELETE CASCADE,
    person_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    turn_at   timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (team_id, person_id)
);
CREATE INDEX team_members_person ON team_members (person_id);

CREATE TABLE conversation_teams (
    room_id bigint PRIMARY KEY REFERENCES rooms ON DELETE CASCADE,
    team_id bigint NOT NULL REFERENCES teams ON DELETE CASCADE
);
CREATE INDEX conversation_teams_team ON conversation_teams (team_id);

-- Since when the operator of a conversation is offline while its person waits.
CREATE TABLE absent_assignees (
    room_id   bigint PRIMARY KEY REFERENCES rooms ON DELETE CASCADE,
    person_id bigint NOT NULL,
    since     timestamptz NOT NULL DEFAULT clock_timestamp()
);
