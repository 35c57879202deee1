"""The README's first two minutes and its commands, as they stand there, with a real server."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Generator
from threading import Timer

import pytest

from tests.support.campaign import in_campaign
from tests.support.documentation.commands import ROOT, commands
from tests.support.processes import child
from tests.support.server import ServerProcess, running_server, used_data_path

README = ROOT / "README.md"
PATIENCE = 60
"""Seconds for a command on a busy machine."""


@pytest.fixture(scope="module")
def server() -> Generator[ServerProcess]:
    """A server on which nobody has said anything yet."""
    with used_data_path() as data, running_server(data) as server:
        yield server


def of_the_readme(beginning: str, server: ServerProcess) -> list[str]:
    """The README's commands that begin so, with this server's address and this Python in them."""
    ours = {"127.0.0.1:9000": server.url.partition("//")[2], ".venv/bin/python": sys.executable}
    ours[".venv/bin/chat"] = f"{sys.executable} -m chat"
    found = [each.text for each in commands(README) if each.whole and each.text.startswith(beginning)]
    for written, here in ours.items():
        found = [text.replace(written, here) for text in found]
    return found


@pytest.fixture
def workers() -> Generator[ServerProcess]:
    """A server with the arguments that the README gives to `make run`."""
    (arguments,) = (
        re.search(r'ARGS="(.*)"', each.text) for each in commands(README) if "make run ARGS" in each.text
    )
    assert arguments is not None
    with used_data_path() as data, running_server(data, *arguments[1].split()) as server:
        yield server


@pytest.mark.skipif(shutil.which("curl") is None, reason="the README registers with curl, which is not here")
@pytest.mark.parametrize("started", ["server", pytest.param("workers", marks=in_campaign)])
def test_the_two_minutes_go_as_they_are_written(started: str, request: pytest.FixtureRequest) -> None:
    server: ServerProcess = request.getfixturevalue(started)
    (register,) = of_the_readme("curl", server)
    answer = subprocess.run(["bash", "-c", register], capture_output=True, timeout=PATIENCE, check=True)
    token = json.loads(answer.stdout)["token"]
    typed = re.findall(r'^    (\{"name": .*\})$', README.read_text(), re.MULTILINE)
    assert len(typed) == 3
    assert '"message":"authorised as ada"' in README.read_text()
    (connect,) = of_the_readme(".venv/bin/python -m websockets", server)
    with (
        child(
            *connect.split(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as ada,
        child(
            *connect.split(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as ben,
    ):
        overdue = [Timer(PATIENCE, person.kill) for person in (ada, ben)]
        for timer in overdue:
            timer.start()
        try:
            read_until(ben, "Connected to ")
            for line, got in zip(typed, ("authorised as ada", None, "hello"), strict=True):
                type_line(ada, re.sub(r"eyJ[^\"]*", token, line))
                if got:
                    read_until(ada, f'"message":"{got}"')
            read_until(ben, '{"name":"ada","message":"hello"}')
        finally:
            for timer in overdue:
                timer.cancel()


def test_its_commands_for_people_and_inspection_work(server: ServerProcess) -> None:
    named = [
        text
        for text in of_the_readme(".venv/bin/chat", server)
        if " serve " not in text and " talk " not in text  # which needs a terminal: tests/cli/talk
    ]
    assert len(named) >= 6
    for text in named:
        # Of a terminal it would ask for it twice: tests/test_cli.py.
        command = text + (" --password-stdin" if " user add " in text else "")
        done = subprocess.run(
            ["bash", "-c", command],
            input="a password",
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            env={**os.environ, "CHAT_DATA": str(server.data), "CHAT_BCRYPT_COST": "4"},
        )
        if text.endswith(" why 17"):
            assert "17" in done.stdout + done.stderr
        else:
            assert done.returncode == 0, f"{command}: {done.stderr}"
        assert "Traceback" not in done.stderr


def type_line(person: "subprocess.Popen[bytes]", line: str) -> None:
    assert person.stdin is not None
    person.stdin.write(f"{line}\n".encode())
    person.stdin.flush()


def read_until(person: "subprocess.Popen[bytes]", text: str) -> None:
    """Read what a client shows until `text` is in it. Ends with the client, at the latest."""
    assert person.stdout is not None
    shown = b""
    while text.encode() not in shown:
        more = os.read(person.stdout.fileno(), 4096)
        assert more, f"it ended, and said: {shown.decode(errors='replace')}"
        shown += more
