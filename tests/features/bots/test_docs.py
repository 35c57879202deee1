"""The commands and programs of docs/bots.md, against the real process."""

import itertools
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from click.testing import CliRunner
from websockets.exceptions import ConnectionClosed

from chat.cli import main
from tests.authorisation.clients import Live, live
from tests.support.command_line import chat as command
from tests.support.people import PASSWORD, eventually, register
from tests.support.server import ServerProcess, running_server, used_data_path
from tests.web.ports import free_port

ROOT = Path(__file__).parents[3]
PAGE, _, AFTER = (ROOT / "docs/bots.md").read_text("utf-8").partition("## On the server")
SERVERS, _, OF_TWO_HOOKS = AFTER.partition("## A bot of two hooks")
MAKE, ADD, TOKEN, LIST, CALL = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
ON_SERVER = re.findall(r"^```sh\n(.*?)^```$", SERVERS, re.MULTILINE | re.DOTALL)
OF_HOOKS = re.findall(r"^```sh\n(.*?)^```$", OF_TWO_HOOKS, re.MULTILINE | re.DOTALL)
READS, IS_CALLED = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@contextmanager
def running(program: str, **environment: str) -> Generator[None]:
    own = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    with subprocess.Popen([sys.executable, "-c", program], env=own, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.kill()


def is_closed(socket: Live) -> bool:
    try:
        return bool(socket.ask("ping", {})["type"] != "ping_ok")
    except ConnectionClosed:
        return True


def here(server: ServerProcess, *arguments: str) -> str:
    """Run a command on the server's data, in this process, and return its output."""
    done = CliRunner().invoke(main, [*arguments, "--data", str(server.data)])
    assert done.exit_code == 0, done.output
    return done.stdout.strip()


def commands_of_the_server(server: ServerProcess) -> None:
    """Run the commands that make, change and remove a bot, with the ids that this server gives."""
    made, *lines = (line for block in ON_SERVER for line in block.splitlines())
    bot = here(server, *shlex.split(made)[1:])
    said: dict[str, str] = {}
    for line in lines:
        words = shlex.split(line)
        assert words[:2] == ["chat", "bot"]
        number = {"2": bot, "1": said.get("tokens", "").split("\n")[-1].split(" ")[0]}
        ids = [number.get(word, word) for word in words[2:]]
        said[" ".join(words[2:3])] = here(server, "bot", *ids)
        if words[2:3] == ["token"]:
            me = httpx.get(f"{server.url}/api/v1/me", headers={"Authorization": f"Bearer {said['token']}"})
            assert me.json()["id"] == int(bot)
    assert said[""].splitlines()[1].split()[:4] == [bot, "Backup", "ada", "read,speak"]
    assert said["rooms"] == f"bot {bot}, Nightly, is in no room"
    assert said["remove"] == f"removed bot {bot}, Nightly"


def test_the_commands_and_programs_of_the_page_work() -> None:
    port, numbers = free_port(), itertools.count()
    with used_data_path() as data, running_server(data) as server:
        access = register(server.url, "ada")
        command(server, "setting", "set", "outbound_hosts", "127.0.0.1")
        head, api = {"Authorization": f"Bearer {access}"}, f"{server.url}/api/v1"
        room = httpx.post(f"{api}/rooms", json={"name": "garden"}, headers=head).json()["id"]
        receiver = f"http://127.0.0.1:{port}/"
        own = {
            "CHAT": server.url,
            "TOKEN": access,
            "ROOM": str(room),
            "PASSWORD": PASSWORD,
            "RECEIVER": receiver,
        }

        def run(block: str) -> Any:
            done = subprocess.run(
                ["bash", "-e", "-c", block],
                env={**os.environ, **own},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, (block, done.stdout, done.stderr)
            return json.loads(done.stdout or "null")

        def say(text: str, room: int = room) -> None:
            body = {"key": f"k{next(numbers)}", "text": text}
            httpx.post(f"{api}/rooms/{room}/messages", json=body, headers=head).raise_for_status()

        def rolls(room: int = room) -> int:
            return sum(
                bool(re.fullmatch("ada rolls a [1-6]", each.get("text", ""))) for each in messages(room)
            )

        def messages(room: int = room) -> list[Any]:
            page = httpx.get(f"{api}/rooms/{room}/messages", headers=head).json()
            return [each for each in page["messages"] if each.get("kind") != "join"]

        def reacts() -> bool:
            say("coffee?")  # until the program is connected
            return "☕" in json.dumps(messages(), ensure_ascii=False)

        command(server, "user", "role", "ada", "admin")
        for block in OF_HOOKS:
            words = block.replace('"$RECEIVER"', receiver).split()
            assert words[0] == "chat"
            command(server, *words[1:])
        commands_of_the_server(server)
        own["BOT"] = str(run(MAKE)["id"])
        run(ADD)
        token = run(TOKEN)["token"]
        (listed,) = run(LIST)["bots"]
        assert [each["name"] for each in listed["rooms"]] == ["garden"]
        assert run(CALL)["hook"]["command"] == "roll"
        with running(READS, SERVER=server.url, TOKEN=token), running(IS_CALLED, PORT=str(port)):
            for text in ("@Dice please", "/roll"):
                say(text)
            say("/roll", 1)
            eventually(lambda: (rolls(), rolls(1)) == (2, 1), "they roll, each in its rooms")
            eventually(reacts, "it reacts")
        assert {each["sender"]["name"] for each in messages()} == {"ada", "Dice (bot)"}
        with live(server.url, token) as socket:
            command(server, "user", "disable", "ada")
            eventually(lambda: is_closed(socket), "its socket is closed with its owner's")
