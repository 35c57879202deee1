"""The commands of docs/matterbridge.md, against the real process, and its settings, read by Python."""

import json
import re
import tomllib
from pathlib import Path

from tests.features.hooks.bridges.matterbridge import GATEWAY, TOKEN
from tests.support.command_line import chat as command
from tests.support.people import register
from tests.support.server import running_server, used_data_path

PAGE = (Path(__file__).parents[4] / "docs/matterbridge.md").read_text("utf-8")


def test_the_commands_of_the_page_make_a_bridge(tmp_path: Path) -> None:
    (toml,) = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (block,) = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert tomllib.loads(toml)["gateway"][0]["name"] == GATEWAY
    token = tmp_path / "token"
    token.write_text(f"{TOKEN}\n", "utf-8")
    with used_data_path() as data, running_server(data) as server:
        register(server.url, "ada")
        command(server, "user", "role", "ada", "admin")
        for line in block.splitlines():
            words = line.replace('"$MATTERBRIDGE"', "http://127.0.0.1:9/").split()
            assert words[0] == "chat"
            command(server, *(str(token) if word == "token" else word for word in words[1:]))
        (made,) = json.loads(command(server, "hook", "outgoing", "--json"))
        assert (made["gateway"], made["url"], made["bot"]) == (GATEWAY, "http://127.0.0.1:9", "Bridge")
