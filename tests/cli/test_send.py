"""`chat send` against a small model server: each line is sent once, and failures are reported."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio
from click.testing import CliRunner, Result
from trio.testing import MockClock

from chat.cli import main
from chat.cli.command_failed import CommandFailed
from chat.cli.send import _Sending
from chat.cli.stored_sessions import stored_session
from chat.client import Session
from tests.client.model import Json, ModelRoom, ModelWorld
from tests.client.model_server import PEOPLE, ModelServer, RefusedByModel, on_loopback

ADA, BEN = 1, 2


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("CHAT_TOKEN", "token of ada")


@pytest.fixture
def model() -> ModelServer:
    return ModelServer(ModelWorld(dict(PEOPLE)))


@pytest.fixture
def garden(model: ModelServer) -> ModelRoom:
    return model.world.add_room(ADA, BEN)


def texts(room: ModelRoom) -> list[str]:
    return [message["text"] for message in room.messages.values() if "text" in message]


async def run(model: ModelServer, *arguments: str, stdin: str | bytes = "") -> Result:
    """Run `chat send` beside the server."""
    with trio.fail_after(60):
        async with on_loopback(model) as url:
            invoke = partial(CliRunner().invoke, main, ["send", "--url", url, *arguments], input=stdin)
            return await trio.to_thread.run_sync(invoke)


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        ([], "one\ntwo\r\n\n  \nthree", ["one", "two", "three"]),
        (["--whole"], "one\ntwo\n", ["one\ntwo\n"]),
        ([], "", []),
        ([], "\ufeffone\r\n\ufefftwo", ["one", "\ufefftwo"]),
        (["--key", "today"], "größe\n東京 👍\n", ["größe", "東京 👍"]),
    ],
)
async def test_input_is_sent(
    model: ModelServer, garden: ModelRoom, arguments: list[str], stdin: str, said: list[str]
) -> None:
    done = await run(model, str(garden.id), *arguments, stdin=stdin)
    assert (done.exit_code, done.output) == (0, "")
    assert texts(garden) == said


async def test_a_repeated_run_with_the_same_key_sends_once(model: ModelServer, garden: ModelRoom) -> None:
    lost = ["two"]
    model.loses_answer = lambda request: request.get("text") in lost and bool(lost.pop())
    for stdin in ("one\ntwo\n", "one\ntwo\nthree\n"):
        done = await run(model, str(garden.id), "--key", "today", stdin=stdin)
        assert done.exit_code == 0, done.output
    assert texts(garden) == ["one", "two", "three"]
    changed = await run(model, str(garden.id), "--key", "today", stdin="something else\n")
    assert (changed.exit_code, changed.output) == (1, "chat: line 1: conflict (conflict)\n")


async def test_a_refused_line_does_not_stop_later_ones(model: ModelServer, garden: ModelRoom) -> None:
    def on_request(request: Json) -> None:
        if request.get("text") == "bad":
            raise RefusedByModel("invalid", field="text")

    model.on_request = on_request
    stdin = b"one\nbad\n\xff\n" + b"x" * 70_000 + b"\ntwo\n"
    done = await run(model, str(garden.id), stdin=stdin)
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        "chat: line 2: invalid (invalid)",
        "chat: line 3: not UTF-8",
        "chat: line 4: too long for a message",
    ]
    assert texts(garden) == ["one", "two"]


def _forbid(model: ModelServer) -> None:
    def on_request(request: Json) -> None:
        if request["type"] == "send":
            raise RefusedByModel("forbidden")

    model.on_request = on_request


def _be_silent(model: ModelServer) -> None:
    model.on_request = lambda request: setattr(model, "is_silent", request["type"] == "send")
    model.loses_answer = lambda request: request["type"] == "send"


def _be_away(model: ModelServer) -> None:
    model.is_silent = True


@pytest.mark.parametrize(
    ("spoil", "arguments", "stdin", "got"),
    [
        (None, ["nowhere"], "one\n", "chat: you are in no room nowhere"),
        (_forbid, ["1"], "one\ntwo\n", "chat: line 1: forbidden (forbidden)"),
        (
            _be_silent,
            ["1", "--timeout", "3"],
            "one\n",
            "chat: no answer of URL in 3 s; line 1 may or may not be sent",
        ),
        (_be_away, ["1", "--timeout", "0.2"], "one\n", "chat: no answer of URL in 0.2 s\n"),
        (None, ["1", "--token-file", "/nowhere"], "", "chat: --token-file /nowhere: "),
        (None, ["1", "--token-file", "/dev/null"], "", "chat: --token-file /dev/null: the file is empty"),
        (None, ["1", "--token-file", "/dev/zero"], "", "chat: --token-file /dev/zero: this is not a token"),
    ],
)
async def test_an_error_is_reported_in_one_line(
    model: ModelServer,
    garden: ModelRoom,
    spoil: Callable[[ModelServer], None] | None,
    arguments: list[str],
    stdin: str,
    got: str,
) -> None:
    if spoil is not None:
        spoil(model)
    done = await run(model, *arguments, stdin=stdin)
    assert (done.exit_code, done.output.count("\n")) == (1, 1)
    assert re.sub(r"http://[^ ]+", "URL", done.output).startswith(got)
    assert texts(garden) in ([], ["one"])


async def test_the_reason_for_no_connection_is_printed_at_the_timeout(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    @asynccontextmanager
    async def away(
        url: str, *, on_connect_failure: Callable[[str], object], **_options: object
    ) -> AsyncGenerator[None]:
        on_connect_failure("no route to host")
        on_connect_failure("Connection refused")
        await trio.sleep_forever()
        yield

    monkeypatch.setattr("chat.cli.send.open_chat", away)
    with pytest.raises(CommandFailed, match=r"^no answer of http://h in 60 s: Connection refused$"):
        await _Sending(iter([]), "key", 60).run("http://h", "token", None, "lobby")


async def test_an_invalid_token_is_reported(
    model: ModelServer, garden: ModelRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAT_TOKEN", "of nobody")
    done = await run(model, str(garden.id), stdin="one\n")
    assert done.exit_code == 1
    assert done.output.endswith(": the token is not valid (any more)\n")


def test_a_time_that_is_none_is_refused() -> None:
    done = CliRunner().invoke(main, ["send", "1", "--timeout", "nan"], input="one\n")
    assert done.exit_code == 2
    assert done.output.endswith("Error: --timeout takes a number of seconds\n")


def test_no_address_is_not_the_one_that_was_used_last() -> None:
    done = CliRunner().invoke(main, ["send", "1", "--url", ""], input="one\n")
    assert (done.exit_code, done.output) == (1, "chat: : expected http://HOST or https://HOST, got ''\n")


async def test_without_a_token_the_last_stored_session_is_used(
    model: ModelServer, garden: ModelRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHAT_TOKEN")
    done = await run(model, str(garden.id), stdin="one\n")
    assert (done.exit_code, done.output.count("\n")) == (1, 1)
    assert "run `chat talk`" in done.output
    async with on_loopback(model) as url:
        for name, person in (("ben", BEN), ("ada", ADA)):
            kept = stored_session(url, name)
            refresh = model.sessions.open(person)["refresh"]
            kept.save(Session(access="", expires_in=0, refresh=refresh))
        for arguments in ([], ["--url", f"{url}/"], ["--name", "BEN"]):
            invoke = partial(
                CliRunner().invoke, main, ["send", str(garden.id), *arguments], input=f"{arguments}\n"
            )
            done = await trio.to_thread.run_sync(invoke)
            assert (done.exit_code, done.output) == (0, "")
    senders = [each["sender"]["name"] for each in garden.messages.values() if "text" in each]
    assert senders == ["ada", "ada", "ben"]


async def test_an_ended_session_is_reported_with_how_to_log_in_again(
    model: ModelServer, garden: ModelRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHAT_TOKEN")
    async with on_loopback(model) as url:
        stored_session(url, "ada").save(Session(access="", expires_in=0, refresh="of yesterday"))
        done = await trio.to_thread.run_sync(partial(CliRunner().invoke, main, ["send", "1"], input="one\n"))
    assert done.exit_code == 1
    assert done.output == f"chat: {url}: invalid credentials; run `chat talk` to log in\n"


async def test_it_can_be_interrupted_while_nothing_comes(model: ModelServer, garden: ModelRoom) -> None:
    with trio.fail_after(60):
        async with on_loopback(model) as url:
            command = [sys.executable, "-m", "chat", "send", "--url", url, str(garden.id)]
            process = await trio.lowlevel.open_process(
                command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ}
            )
            assert process.stdin is not None
            assert process.stderr is not None
            await process.stdin.send_all(b"one\ntw")
            while not texts(garden):  # noqa: ASYNC110 - it is another process's
                await trio.sleep(0.01)
            process.send_signal(signal.SIGINT)
            assert await process.wait() == 1
            assert await process.stderr.receive_some() == b"chat: interrupted\n"
            await process.stdin.aclose()
            await process.stderr.aclose()
    assert texts(garden) == ["one"]


async def test_a_refusal_is_nothing_that_a_terminal_obeys(model: ModelServer, garden: ModelRoom) -> None:
    def on_request(request: Json) -> None:
        if request["type"] == "send":
            raise RefusedByModel("forbidden", text="no\x1b[2J\nnever")

    model.on_request = on_request
    done = await run(model, str(garden.id), stdin="one\n")
    assert done.output == "chat: line 1: no\ufffd[2J never (forbidden)\n"
