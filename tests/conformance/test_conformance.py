"""The real process follows the transcripts, also those of the seeds alone."""

import json
import os
import subprocess
import sys
from collections.abc import Generator

import pytest

from tests.conformance.player import Account, Target, play
from tests.conformance.transcripts import Transcript, dialects, load
from tests.support.server import ServerProcess, running_server, used_data_path

TRANSCRIPTS = [transcript for name in dialects() for transcript in load(name).transcripts]
TITLES = [transcript.title for transcript in TRANSCRIPTS]
OF_SEEDS = [transcript for transcript in TRANSCRIPTS if not transcript.ours]

COMMAND = (sys.executable, "-m", "chat", "user", "add")
PASSWORD = "secret word"


def add(server: ServerProcess, name: str, role: str) -> Account:
    """Create a person with a role, by a command on the server."""
    account = Account(f"{name}_{os.urandom(4).hex()}", PASSWORD)
    subprocess.run(
        [*COMMAND, account.name, role, "--password-stdin", "--data", str(server.data)],
        input=PASSWORD.encode(),
        env={**os.environ, "CHAT_BCRYPT_COST": "4"},
        timeout=60,
        check=True,
    )
    return account


@pytest.fixture(scope="module")
def target(server: ServerProcess) -> Generator[Target]:
    """The server of all tests; nothing that is played may make it log an error."""
    operators = [add(server, name, "--operator") for name in ("olga", "otto")]
    logged = server.log.stat().st_size
    yield Target(server.url, operators=operators, admins=[add(server, "eve", "--admin")])
    lines = server.log.read_bytes()[logged:].splitlines()
    assert [line for line in lines if json.loads(line)["level"] in ("error", "critical")] == []


@pytest.fixture(scope="module")
def trusting_target() -> Generator[Target]:
    """A server that takes `from` at its word, as the original does, and speaks IRC too."""
    settings = {"CHAT_DIRECT_TRUST_FROM": "1", "CHAT_IRC": "127.0.0.1:0"}
    with used_data_path() as data, running_server(data, **settings) as server:
        assert server.process.stdout is not None
        place = server.process.stdout.readline().removeprefix("listening on irc://").strip()
        yield Target(server.url, irc=place, has=["trust-from", "irc"])


@pytest.fixture(scope="module")
def sparing_target() -> Generator[Target]:
    """A server that lets one person an hour register from an address, which the client may name."""
    settings = {"CHAT_REGISTRATIONS_PER_HOUR": "1", "CHAT_TRUSTED_PROXIES": "127.0.0.1"}
    with used_data_path() as data, running_server(data, **settings) as server:
        yield Target(server.url, has=["one-registration"])


@pytest.fixture(scope="module")
def inviting_target() -> Generator[Target]:
    """A server on which registering takes an invite, and with a support widget."""
    settings = {"CHAT_REGISTRATION": "invite", "CHAT_WIDGET_ORIGINS": "https://shop.example"}
    with used_data_path() as data, running_server(data, **settings) as server:
        yield Target(server.url, has=["invites", "visitors"])


TARGETS = {
    "": "target",
    "trust-from": "trusting_target",
    "irc": "trusting_target",
    "one-registration": "sparing_target",
    "invites": "inviting_target",
    "visitors": "inviting_target",
}
"""The fixture with the server that a transcript needs."""


def target_for(transcript: Transcript, request: pytest.FixtureRequest) -> Target:
    target: Target = request.getfixturevalue(TARGETS[transcript.needs])
    return target


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=TITLES)
def test_the_server_follows_the_transcript(transcript: Transcript, request: pytest.FixtureRequest) -> None:
    play(transcript, target_for(transcript, request))


@pytest.mark.parametrize("transcript", OF_SEEDS, ids=[transcript.title for transcript in OF_SEEDS])
def test_the_server_follows_the_seed(transcript: Transcript, request: pytest.FixtureRequest) -> None:
    play(transcript, target_for(transcript, request)._replace(originals_only=True))
