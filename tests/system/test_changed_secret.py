"""The secret is changed by the steps of docs/operating.md, on two servers one by one, and nobody is logged out."""

import re
import subprocess
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.campaign import in_campaign
from tests.support.databases import kept_database, url_of
from tests.support.people import PASSWORD, Line, member, post, register, request
from tests.support.saved import execute_sql
from tests.support.server import ServerProcess, data_path, running_server

PAGE = Path(__file__).parents[2] / "docs" / "operating.md"
SECTION = PAGE.read_text().partition("## Change the secret\n")[2].partition("\n## ")[0]
OLD = "the secret of these servers from the beginning"


def blocks(kind: str, directory: Path) -> list[str]:
    """The section's blocks of that kind, for files in `directory`."""
    found = re.findall(rf"^ *```{kind}\n(.*?)^ *```$", SECTION, re.MULTILINE | re.DOTALL)
    return [
        re.sub("^   ", "", text, flags=re.MULTILINE).replace("/etc/trio-chat", str(directory))
        for text in found
    ]


class Client:
    """Somebody with a session, as the web client has it."""

    def __init__(self, url: str, name: str) -> None:
        self.token = register(url, name)
        answer = post(f"{url}/api/v1/auth/login", {"login": name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        self.refresh, self.access = answer.json()["refresh"], answer.json()["access"]
        self.name = name

    def is_known_to(self, server: ServerProcess) -> None:
        """All that was made for her so far is accepted there; the refresh token once, for the next."""
        for token in (self.token, self.access):
            answer = request("GET", f"{server.url}/api/v1/me", headers=bearer(token))
            assert answer.status_code == 200, answer.text
        answer = post(f"{server.url}/api/v1/auth/refresh", {"refresh": self.refresh})
        assert answer.status_code == 200, answer.text
        self.refresh, self.access = answer.json()["refresh"], answer.json()["access"]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@contextmanager
def chat(server: ServerProcess, directory: Path) -> Generator[Callable[[str], ServerProcess]]:
    """A database, and what starts a server on it with these settings."""
    with kept_database(server) as database, ExitStack() as stack:

        def start(settings: str) -> ServerProcess:
            config = directory / "chat.toml"
            config.write_text(settings)
            data = stack.enter_context(data_path())
            started = stack.enter_context(
                running_server(
                    data, "--config", str(config), "--database", url_of(database), "--bus", "notify"
                )
            )
            started.database = database
            return started

        yield start


@in_campaign
def test_the_documented_steps_change_the_secret_and_log_nobody_out(
    server: ServerProcess, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text(OLD)
    (commands,) = blocks("sh", tmp_path)
    subprocess.run(["sh", "-ec", commands], check=True)
    assert (tmp_path / "secret").read_text() == OLD
    assert (tmp_path / "secret.new").stat().st_mode & 0o777 == 0o600
    both, swapped, last = blocks("toml", tmp_path)
    before = f'secret_file = "{tmp_path}/secret"\n'
    with chat(server, tmp_path) as start:
        near, far = start(before), start(before)
        ada, bert = Client(near.url, "ada"), Client(near.url, "bert")
        execute_sql(near.address, "UPDATE users SET is_admin = true WHERE name = 'bert'")
        link = reset_link(near, bert, "ada")
        with pytest.raises(RuntimeError, match=r"another secret.*--previous-secret-file first"):
            start(swapped)
        for step in (both, swapped, last):
            for _ in range(2):
                assert near.stop() == 0
                near, far = far, start(step)
                hear_each_other(near, far, ada, bert)
                if step != last:
                    for each in (ada, bert):
                        each.is_known_to(far), each.is_known_to(near)
        assert request("GET", f"{far.url}/api/v1/me", headers=bearer(ada.token)).status_code == 401
        assert use(far, link).status_code == 410, "it was made with the old secret"


def test_a_reset_link_of_the_old_secret_is_used_with_the_new_one(
    server: ServerProcess, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text(OLD)
    (tmp_path / "secret.new").write_text("the secret of these servers from now on")
    with chat(server, tmp_path) as start:
        before = start(f'secret_file = "{tmp_path}/secret"\n')
        ada, bert = Client(before.url, "ada"), Client(before.url, "bert")
        execute_sql(before.address, "UPDATE users SET is_admin = true WHERE name = 'bert'")
        link = reset_link(before, bert, ada.name)
        assert before.stop() == 0
        after = start(blocks("toml", tmp_path)[1])
        assert use(after, link).status_code == 200


def reset_link(server: ServerProcess, admin: Client, name: str) -> str:
    people = request("GET", f"{server.url}/api/v1/admin/people", headers=bearer(admin.token)).json()
    (person,) = [each["id"] for each in people["people"] if each["name"] == name]
    made = request("POST", f"{server.url}/api/v1/admin/people/{person}/reset", headers=bearer(admin.token))
    assert made.status_code in (200, 201), made.text
    code: str = made.json()["code"]
    return code


def use(server: ServerProcess, code: str) -> Any:
    return post(f"{server.url}/api/v1/auth/reset", {"code": code, "password": "another secret word"})


def hear_each_other(near: ServerProcess, far: ServerProcess, ada: Client, bert: Client) -> None:
    """What is said on one server reaches the other, by the bus."""
    with member(near.url, "ada", ada.access) as one, member(far.url, "bert", bert.access) as other:
        one.say("over there?")
        assert other.hear_until(lambda line: line.text == "over there?")
        other.say("over here!")
        assert one.hear_until(lambda line: line.name == "bert")[-1] == Line("bert", "over here!")
