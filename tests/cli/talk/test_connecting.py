"""The output of `chat talk` before there is a screen."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chat.cli.stored_sessions import StoredSession
from chat.cli.talk import _run, invite_code
from chat.client import LoggedOut


async def test_the_reason_for_no_connection_is_shown_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @asynccontextmanager
    async def away(
        url: str, *, on_connect_failure: Callable[[str], object], **_options: object
    ) -> AsyncGenerator[None]:
        for why in ("Connection refused", "Connection refused", "no\x1b[2J route"):
            on_connect_failure(why)
        raise LoggedOut
        yield

    monkeypatch.setattr("chat.cli.talk.open_chat", away)
    with pytest.raises(LoggedOut):
        await _run(StoredSession(tmp_path / "kept.session", "http://h", "ada"))
    assert capsys.readouterr().out == (
        "connecting to http://h as ada; Ctrl-C quits\n"
        "Connection refused; trying again\n"
        "no\ufffd[2J route; trying again\n"
    )


@pytest.mark.parametrize(
    "invite", ["y92l-DCI", "https://chat.example/i/y92l-DCI", " http://h:9000/i/y92l-DCI/\n"]
)
def test_an_invite_may_be_given_as_its_link(invite: str) -> None:
    assert invite_code(invite) == "y92l-DCI"
