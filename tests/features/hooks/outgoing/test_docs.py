"""The commands and the receiver of docs/outgoing-hooks.md, against the real process."""

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx

from tests.support.command_line import chat as command
from tests.support.people import eventually, register
from tests.support.server import running_server, used_data_path
from tests.web.ports import free_port

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs/outgoing-hooks.md").read_text("utf-8")
COMMANDS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
(RECEIVER,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_commands_and_the_receiver_of_the_page_work(tmp_path: Path) -> None:
    port = free_port()
    with used_data_path() as data, running_server(data) as server:
        access = register(server.url, "ada")
        command(server, "user", "role", "ada", "admin")
        path = command(server, "hook", "add", "lobby", "Echo").strip()

        def run(block: str) -> str:
            words = [word.strip('"') for word in block.split()]
            assert words[0] == "chat"
            url = f"http://127.0.0.1:{port}/"
            return command(server, *(url if word == "$RECEIVER" else word for word in words[1:]))

        blocks = [line for block in COMMANDS for line in block.splitlines()]
        secret = run(blocks.pop(0)).strip()
        run(blocks.pop(0))
        assert "127.0.0.1" in run(blocks.pop(0))
        own = {**os.environ, "SECRET": secret, "HOOK": server.url + path, "PORT": str(port)}
        with subprocess.Popen(
            [sys.executable, "-c", RECEIVER], env=own, stderr=subprocess.DEVNULL
        ) as receiver:
            try:
                head = {"Authorization": f"Bearer {access}"}
                messages = f"{server.url}/api/v1/rooms/1/messages"
                httpx.post(messages, json={"key": "k", "text": "ping"}, headers=head).raise_for_status()

                def texts() -> list[str]:
                    return [each["text"] for each in httpx.get(messages, headers=head).json()["messages"]]

                eventually(lambda: "pong" in texts(), "it answers")
                assert [run(block) for block in blocks[-1:]] == ["removed outgoing hook 1\n"]
                made = run(COMMANDS[0])
                assert made.startswith("whsec_")
                for block in blocks[:-1]:
                    done = run(block.replace(" 1", " 2", 1))
                    assert done.startswith("whsec_") if "renew" in block else "outgoing hook 2" in done
                assert '"off": null' in command(server, "hook", "outgoing", "--json")
            finally:
                receiver.terminate()
