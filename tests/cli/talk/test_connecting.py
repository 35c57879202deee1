"""What `chat talk` says before there is a screen."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chat.cli.kept_sessions import KeptSession
from chat.cli.talk import _run
from chat.client import SignedOut


async def test_why_there_is_no_connection_yet_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @asynccontextmanager
    async def away(
        url: str, *, on_failure: Callable[[str], object], **_options: object
    ) -> AsyncGenerator[None]:
        for why in ("Connection refused", "Connection refused", "no\x1b[2J route"):
            on_failure(why)
        raise SignedOut
        yield

    monkeypatch.setattr("chat.cli.talk.open_chat", away)
    with pytest.raises(SignedOut):
        await _run(KeptSession(tmp_path / "kept.session", "http://h", "ada"))
    assert capsys.readouterr().out == (
        "connecting to http://h as ada; Ctrl-C ends it\n"
        "Connection refused; trying again\n"
        "no\ufffd[2J route; trying again\n"
    )
