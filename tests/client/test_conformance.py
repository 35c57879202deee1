"""`chat.client` and the client in TypeScript pass the conformance vectors; the runner notices clients that do not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from chat.conformance.patterns import DIRECTORY, differs, read_vectors
from chat.conformance.playing import play
from tests.client.recorder import record, two_servers
from tests.support.campaign import in_campaign

ROOT = Path(__file__).parents[2]
NODE, ESBUILD = shutil.which("node"), ROOT / "node_modules" / ".bin" / "esbuild"
CONFORMANT = Path(__file__).parent / "conformant.py"
VECTORS = {each.name: each for each in read_vectors()}


def altered(old: str, new: str) -> list[str]:
    """The command of the program with something in it replaced."""
    text = CONFORMANT.read_text(encoding="utf-8")
    assert text.count(old) == 1
    return [sys.executable, "-c", text.replace(old, new)]


@pytest.mark.parametrize("name", VECTORS)
async def test_the_client_passes(name: str) -> None:
    with trio.fail_after(60):
        assert await play(VECTORS[name], [sys.executable, str(CONFORMANT)]) is None


REPORT = "    print(json.dumps(line), flush=True)\n"
WRONG = {
    "an event comes twice": ("gap", REPORT, REPORT + "    if line.get('pos') == 4:\n    " + REPORT),
    "an event is missing": ("gap", REPORT, "    if line.get('pos') != 4:\n    " + REPORT),
    "the key is another": ("send", "text, key=key)", "text, key=key + '1')"),
    "it ends early": ("changes", "        nursery.start_soon(follow, chat)\n", "        return\n"),
    "it prints more": ("send_later", "trio.run(main)\n", "trio.run(main)\nreport(more=1)\n"),
    "it fails": ("send_later", "trio.run(main)\n", "trio.run(main)\nsys.exit(3)\n"),
}
FAILURES = {
    "an event comes twice": "pos is 4 instead of 5",
    "an event is missing": "pos is 5 instead of 4",
    "the key is another": 'key is "k-11" instead of "k-1"',
    "it ends early": "it has ended before a line",
    "it prints more": "at the end: it prints more",
    "it fails": "at the end: its exit status is 3",
}


@pytest.mark.parametrize("how", WRONG)
async def test_a_wrong_client_fails(how: str) -> None:
    name, old, new = WRONG[how]
    with trio.fail_after(60):
        failure = await play(VECTORS[name], altered(old, new))
    assert FAILURES[how] in str(failure)


def test_the_command_says_what_passes_and_fails() -> None:
    command = [sys.executable, "-m", "chat.conformance", "-k", "send_later", "--", sys.executable]
    passed = subprocess.run([*command, CONFORMANT], capture_output=True, text=True, timeout=60)
    assert (passed.stdout, passed.returncode) == ("pass  send_later\n1 of 1 pass\n", 0)
    failed = subprocess.run([*command, "-c", ""], capture_output=True, text=True, timeout=60)
    assert failed.stdout.startswith("FAIL  send_later: a send that is refused for now")
    assert failed.returncode == 1


@in_campaign
def test_the_recorded_vectors_are_what_servers_say() -> None:
    with two_servers() as servers:
        made = trio.run(record, servers)
    for name, recorded in made.items():
        assert (DIRECTORY / f"{name}.jsonl").read_text("utf-8") == recorded, "python -m tests.client.recorder"


def test_how_a_value_differs_from_a_pattern() -> None:
    assert differs({"a": 1, "b": [1, 2]}, {"a": 1, "b": [1, 2], "c": None}) is None
    assert differs({"a": 1}, {"a": None}) == "a is 1 instead of null"
    assert differs({"a": {"b": [1]}}, {"a": {"b": [1, 2]}}) == "a.b is [1] instead of [1,2]"
    assert differs({"a": [{"b": 1}]}, {"a": [{"b": 2}]}) == "a[0].b is 1 instead of 2"
    assert differs({"a": 1}, {"a": True}) == "a is 1 instead of true"


@pytest.mark.skipif(
    not (NODE and ESBUILD.exists()), reason="no Node, or none of its modules: make node_modules/made"
)
def test_the_client_in_typescript_passes(tmp_path: Path) -> None:
    client = tmp_path / "client.mjs"
    build = [str(ESBUILD), "--log-level=error", f"--outfile={client}", str(ROOT / "examples" / "client.ts")]
    subprocess.run(build, check=True, timeout=60)
    command = [
        sys.executable,
        "-m",
        "chat.conformance",
        "--",
        str(NODE),
        "--experimental-websocket",
        str(client),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.stdout.splitlines()[-1] == f"{len(VECTORS)} of {len(VECTORS)} pass", done.stdout
