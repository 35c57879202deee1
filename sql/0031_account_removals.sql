-- Who left for good, and how: `leave` keeps the words and the name, `anonymise` the words, `erase` neither. A row stays
-- for ever, without a name: `created_at` is the account's, by which somebody else with the same id in a database that
-- was restored is not taken for them.
-- Serves: 18

-- What is to be removed of a person is removed in steps. All messages with ids up to `done_id` are done.
CREATE TABLE account_removals (
    user_id       bigint PRIMARY KEY,
    how           text NOT NULL CHECK (how IN ('leave', 'anonymise', 'erase')),
    created_at    timestamptz NOT NULL,
    removed_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    done_id       bigint NOT NULL DEFAULT 0,
    -- The server that removes, and until when no other one does.
    claimed_by    bigint,
    claimed_until timestamptz,
    finished_at   timestamptz
);
CREATE INDEX account_removals_open ON account_removals (removed_at) WHERE finished_at IS NULL;
