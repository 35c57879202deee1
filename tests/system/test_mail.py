"""The real server and a real mail server: the queue survives a kill, and the commands say whether mail works."""

import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
import trio

from tests.support.databases import execute, fetch
from tests.support.mail_server import running_mail_server
from tests.support.people import eventually
from tests.support.server import running_server, used_data_path

_QUEUE = """
WITH made AS (
    INSERT INTO mails (address, message_id, subject, text, html)
    SELECT name || '@example.com', '<' || name || '@chat.example>', 'Subject', 'Words', '<p>Words</p>'
    FROM unnest(ARRAY['ada', 'later']) AS names(name) RETURNING id
)
INSERT INTO due (kind, key, at) SELECT 'mail', id::text, clock_timestamp() FROM made"""
_FILL = """
INSERT INTO due (kind, key, at)
SELECT 'mail', 'of ' || n, now() + interval '1 day' FROM generate_series(1, 100000) AS n"""


@pytest.fixture
def data() -> Generator[Path]:
    with used_data_path() as data:
        yield data


def test_mails_that_waited_while_no_server_ran_are_sent_once(data: Path) -> None:
    with running_server(data) as server:
        trio.run(execute, server.address, _QUEUE)
        trio.run(execute, server.address, _FILL)
        server.kill()
    with running_mail_server() as mails:
        settings = {
            "CHAT_MAIL_URL": f"smtp://127.0.0.1:{mails.port}?tls=none",
            "CHAT_MAIL_FROM": "Chat <chat@chat.example>",
        }
        with running_server(data, **settings) as server:
            arrived = mails.next_mail()
            assert (arrived["to"], arrived["message"]["Message-ID"]) == (
                ["ada@example.com"],
                "<ada@chat.example>",
            )
            states = "SELECT string_agg(state || tries, ' ' ORDER BY id) FROM mails"
            eventually(
                lambda: trio.run(fetch, server.address, states) == "sent1 waiting1", "both were tried", 30
            )
            assert trio.run(fetch, server.address, "SELECT count(*) FROM mails WHERE text IS NOT NULL") == 1
            assert "451 try again later" in trio.run(fetch, server.address, "SELECT max(error) FROM mails")
        command = [sys.executable, "-m", "chat", "mail", "test"]
        where = ["--mail-url", settings["CHAT_MAIL_URL"], "--mail-from", "chat@chat.example"]
        done = subprocess.run(
            [*command, "ben@example.com", *where], capture_output=True, text=True, timeout=60
        )
        assert (done.returncode, "was taken" in done.stdout) == (0, True), done.stderr
        assert mails.next_mail()["message"]["Subject"] == "Test mail from trio-chat"
        refused = subprocess.run(
            [*command, "never@example.com", *where], capture_output=True, text=True, timeout=60
        )
        assert (refused.returncode, "550 no such mailbox" in refused.stderr) == (1, True)
