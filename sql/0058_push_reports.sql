-- What browsers report of pushes: that they showed the notification, and that it was clicked.
-- Serves: 18

CREATE TABLE push_reports (
    message_id bigint NOT NULL,
    person_id  bigint NOT NULL,
    session_id bigint NOT NULL,
    shown_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    clicked_at timestamptz,
    PRIMARY KEY (message_id, person_id, session_id),
    FOREIGN KEY (message_id, person_id) REFERENCES push_decisions ON DELETE CASCADE
);
