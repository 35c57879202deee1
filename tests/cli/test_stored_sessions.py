"""Sessions that several commands share: private files, and one refresh at a time."""

import os
import stat
from pathlib import Path

import pytest
import trio
import trio.testing
from click.testing import CliRunner

from chat.cli import main
from chat.cli.stored_sessions import StoredSession, last_session, state_directory, stored_session
from chat.client import Session


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def session(refresh: str) -> Session:
    return Session(access="a", expires_in=900, refresh=refresh)


def test_a_stored_session_is_private_to_one_person_and_server() -> None:
    kept = stored_session("http://chat.example", "Ada/../x")
    assert (kept.load(), last_session()) == (None, None)
    for refresh in ("one", "two"):
        kept.save(session(refresh))
        assert kept.load() == refresh
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(state_directory().stat().st_mode) == 0o700
    assert [path.name for path in state_directory().iterdir()] == [kept.path.name]
    assert stored_session("http://chat.example/", "ADA/../X").load() == "two"
    assert stored_session("http://chat.example", "ben").load() is None
    kept.save(Session(access="a", expires_in=900))
    assert kept.load() == "two"  # a server that gives no other one has not used it up
    kept.path.write_text("half a fi")
    assert (kept.load(), last_session()) == (None, None)
    kept.forget()
    kept.forget()
    assert not kept.path.exists()


async def test_one_program_holds_the_lock_and_a_cancelled_one_releases_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    kept = stored_session("http://chat.example", "ada")
    other = StoredSession(kept.path, kept.url, kept.name)
    async with kept.lock():
        with trio.move_on_after(3) as waiting:
            async with other.lock():
                pytest.fail("two hold it")
        assert waiting.cancelled_caught
    with trio.fail_after(1):
        async with other.lock():
            pass


def test_a_session_that_can_not_be_read_is_none(tmp_path: Path) -> None:
    kept = stored_session("http://chat.example", "ada")
    kept.path.mkdir()  # root reads everything else
    assert (kept.load(), last_session()) == (None, None)
    stored_session("http://chat.example", "ben").save(session("one"))
    found = last_session()
    assert found is not None
    assert found.name == "ben"


def test_a_session_that_can_not_be_stored_is_reported_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    monkeypatch.delenv("CHAT_TOKEN", raising=False)
    done = CliRunner().invoke(main, ["send", "lobby"], input="one\n")
    assert (done.exit_code, done.output.count("\n")) == (1, 1)
    assert done.output.startswith("chat: cannot store a session in ")


def test_a_full_disk_does_not_end_a_running_session() -> None:
    kept = stored_session("http://chat.example", "ada")
    kept.save(session("one"))
    in_the_way = kept.path.with_suffix(f".{os.getpid()}")
    in_the_way.mkdir()
    kept.save(session("two"))
    assert kept.load() == "two"
    assert stored_session("http://chat.example", "ada").load() == "one"
    in_the_way.rmdir()
    kept.save(session("three"))
    assert (kept.load(), stored_session("http://chat.example", "ada").load()) == ("three", "three")
