"""The real server and a real mail server: the queue survives a kill, and the commands say whether mail works."""

import json
import re
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest
import trio

from tests.support.campaign import in_campaign
from tests.support.command_line import chat
from tests.support.databases import execute, fetch
from tests.support.mail_server import running_mail_server
from tests.support.people import PASSWORD, eventually, post, request
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


@in_campaign
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


def test_a_forgotten_password_is_reset_by_mail_and_links_ignore_the_host(data: Path) -> None:
    with running_mail_server() as mails:
        settings = {
            "CHAT_MAIL_URL": f"smtp://127.0.0.1:{mails.port}?tls=none",
            "CHAT_MAIL_FROM": "Chat <chat@chat.example>",
            "CHAT_PUBLIC_URL": "https://chat.example",
        }
        with (
            running_server(data, **settings) as server,
            httpx.Client(base_url=server.url, trust_env=False) as http,
        ):
            person = {"name": "ada", "password": "first words", "email": "ada@example.com"}
            assert http.post("/api/v1/auth/register", json=person).status_code in (200, 201)
            lying = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
            assert (
                http.post("/api/v1/auth/forgot", json={"email": "ada@example.com"}, headers=lying).status_code
                == 204
            )
            arrived = mails.next_mail()
            text = arrived["message"].get_body(("plain",)).get_content()
            assert arrived["to"] == ["ada@example.com"]
            assert "evil" not in json.dumps(arrived, default=str)
            code = re.search(r"https://chat\.example/reset#(\S+)", text)
            assert code is not None
            assert http.get("/reset").status_code == 200  # as scanners of mails do: it uses nothing up
            body = {"code": code[1], "password": "second words"}
            assert http.post("/api/v1/auth/recover", json=body).status_code == 200
            assert http.post("/api/v1/auth/recover", json=body).status_code == 410
            login = {"login": "ada", "password": "second words"}
            assert http.post("/api/v1/auth/login", json=login).status_code == 200
            kept = "SELECT count(*) FROM mails WHERE text IS NOT NULL"
            eventually(lambda: trio.run(fetch, server.address, kept) == 0, "its text is removed", 30)


_AS_IF_LATER = """
UPDATE messages SET created_at = created_at - interval '16 minutes';
UPDATE due SET at = now() WHERE kind = 'missed'"""


@in_campaign
def test_a_mention_before_a_kill_is_mailed_after_it_once_and_a_command_says_so(data: Path) -> None:
    with running_mail_server() as mails:
        settings = {
            "CHAT_MAIL_URL": f"smtp://127.0.0.1:{mails.port}?tls=none",
            "CHAT_MAIL_FROM": "Chat <chat@chat.example>",
            "CHAT_PUBLIC_URL": "https://chat.example",
        }
        with running_server(data, **settings) as server:
            begin = f"{server.url}/api/v1"
            people = [
                post(
                    f"{begin}/auth/register",
                    {"name": name, "password": PASSWORD, "email": f"{name}@example.com"},
                ).json()
                for name in ("ada", "ben")
            ]
            ada, ben = ({"Authorization": f"Bearer {each['access']}"} for each in people)
            assert request("POST", f"{begin}/me/email/confirmation", {}, headers=ada).is_success
            link = mails.next_mail()["message"].get_body(("plain",)).get_content()
            code = re.search(r"/confirm#(\S+)", link)
            assert code is not None
            assert request("POST", f"{begin}/auth/confirm", {"code": code[1]}, headers=ada).is_success
            said = request(
                "POST", f"{begin}/rooms/1/messages", {"key": "1", "text": "@ada tea?"}, headers=ben
            ).json()
            waiting = "SELECT count(*) FROM due WHERE kind = 'missed'"
            eventually(lambda: trio.run(fetch, server.address, waiting) == 1, "the mail is due", 60)
            trio.run(execute, server.address, _AS_IF_LATER)
            server.kill()
        with running_server(data, **settings) as server:
            mail = mails.next_mail()["message"]
            assert "ben: @ada tea?" in mail.get_body(("plain",)).get_content()
            eventually(lambda: trio.run(fetch, server.address, waiting) == 0, "it is recorded", 60)
            why = f"{server.url}/api/v1/rooms/1/messages/{said['seq']}/why"
            assert request("GET", why, headers=ada).json()["mail"]["decision"] == "sent"
            assert "sent (taken)" in chat(server, "why", "--notify", "ada")
            (found,) = json.loads(
                chat(server, "why", "--notify", "ada", "--message", f"1/{said['seq']}", "--json")
            )
            assert found["mail"]["answer"] == "taken"
            unsubscribe = mail["List-Unsubscribe"].strip("<>").replace("https://chat.example", server.url)
            form = {"List-Unsubscribe": "One-Click"}
            assert httpx.post(unsubscribe, data=form, trust_env=False).status_code == 204
            ended = "SELECT seconds FROM mail_choices"
            assert trio.run(fetch, server.address, ended) == 0
