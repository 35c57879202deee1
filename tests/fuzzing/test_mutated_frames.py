"""Well-formed frames of every dialect, changed here and there: each is answered, and none is a bug of the server's.

The codecs take thousands of them, the real server some hundred in each dialect, the same each time. FUZZ_EXAMPLES=5000
tries that many others of each (`make fuzz`).
"""

import itertools
import json
import os
import time
from collections.abc import Generator

import pytest

from chat.engine.dialect import Dialect, by_shape
from chat.protocols.registry import DIALECTS
from tests.fuzzing.mutations import frames
from tests.protocols.test_every_dialect import CLIENTS
from tests.support.frames import CLOSE, PING, PONG, TEXT, client_frame
from tests.support.people import register
from tests.support.raw_client import RawClient
from tests.support.server import ServerProcess, running_server, used_data_path

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))

FOR_THE_CODEC, FOR_THE_SERVER = 20 * EXAMPLES or 2500, EXAMPLES or 150
SEED = time.time_ns() if EXAMPLES else 1

TOO_BIG, UNAUTHENTICATED = 1009, 4401
LONGEST = 65_000
"""Bytes: what is longer is another test's."""

each_dialect = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)


@each_dialect
def test_the_codec_makes_a_command_of_it(dialect: Dialect) -> None:
    handled = CLIENTS[dialect.name].handlers
    for frame in itertools.islice(frames(dialect.name, SEED), FOR_THE_CODEC):
        try:
            by_shape(DIALECTS, frame)
            assert type(dialect.decode(frame)) in handled
        except Exception as error:
            raise AssertionError(f"raised for {frame[:500]!r}, seed {SEED}") from error


@pytest.fixture(scope="module")
def server() -> Generator[ServerProcess]:
    with used_data_path() as data, running_server(data) as server:
        yield server


@pytest.fixture(scope="module")
def token(server: ServerProcess) -> str:
    return register(server.url, "mallory")


@each_dialect
@pytest.mark.parametrize("known", [False, True], ids=["nobody", "somebody"])
def test_the_server_goes_on(server: ServerProcess, token: str, dialect: Dialect, known: bool) -> None:
    """It answers the ping behind each frame, or closes with a code that is no bug."""
    tried = (frame for frame in frames(dialect.name, SEED + known) if len(frame.encode()) < LONGEST)
    left = itertools.islice(tried, FOR_THE_SERVER)
    for frame in left:
        with RawClient(server.url) as mallory:
            mallory.shake_hands(*_path(dialect, token, known=known))
            if dialect.name == "native" and known:
                said_hello(mallory, token)
            for each in itertools.chain([frame], left):
                if not goes_on(mallory, each):
                    break


def _path(dialect: Dialect, token: str, *, known: bool) -> tuple[str, ...]:
    with_token = known or dialect.needs_token
    return (dialect.path, f"Authorization: {token}") if with_token else (dialect.path,)


def said_hello(mallory: RawClient, token: str) -> None:
    hello = {"type": "hello", "id": 0, "token": token}
    mallory.send(client_frame(TEXT, json.dumps(hello).encode()))
    assert json.loads(mallory.read_frame().payload)["type"] == "hello_ok"


def goes_on(mallory: RawClient, frame: str) -> bool:
    """Send a frame. False: the server has closed."""
    mallory.send_what_is_taken(client_frame(TEXT, frame.encode()) + client_frame(PING, b"?"))
    try:
        while (found := mallory.read_frame()).opcode != PONG:
            if found.opcode == CLOSE:
                code = int.from_bytes(found.payload[:2])
                assert code == UNAUTHENTICATED, (code, frame[:500])
                return False
    except EOFError:
        raise AssertionError(f"dropped without a close frame for {frame[:500]!r}") from None
    return True


def test_the_log_has_no_error_of_all_this(server: ServerProcess) -> None:
    assert server.process.poll() is None
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert [line for line in lines if line["level"] not in ("debug", "info")] == []
