"""Logs of rooms, in files."""

import stat
from pathlib import Path

from chat.cli.talk.room_log import RoomLog
from chat.client import File, Message
from chat.client.wire import Deletion
from tests.cli.talk.test_view import BEN, NOON, room


def message(where: int, text: str, **fields: object) -> Message:
    return Message(room=where, seq=1, pos=1, at=NOON, sender=BEN, text=text, **fields)  # type: ignore[arg-type]


def test_each_room_has_a_file_that_nobody_else_may_read(tmp_path: Path) -> None:
    log = RoomLog(tmp_path / "logs", {1: room(1, "lobby", "lobby"), 2: room(2, "room", "a/../b c")})
    log.write(message(1, "", kind="join"))
    log.write(message(1, "two\nlines \x1b[2J", files=(File(id=1, name="rose.png", type="", size=1),)))
    log.write(message(1, "", deleted=Deletion(at=1)))
    log.write(message(2, "hi"))
    lobby, other = sorted((tmp_path / "logs").iterdir())
    assert (lobby.name, other.name) == ("1-lobby.log", "2-#a_.._b_c.log")
    assert lobby.read_text() == (
        "2024-10-04 12:00:00 ben joined\n"
        "2024-10-04 12:00:00 ben: two\n    lines \ufffd[2J\n    rose.png (file)\n"
    )
    assert stat.S_IMODE(lobby.stat().st_mode) == 0o600
    assert stat.S_IMODE(lobby.parent.stat().st_mode) == 0o700


def test_a_room_that_is_renamed_keeps_its_file(tmp_path: Path) -> None:
    RoomLog(tmp_path, {2: room(2, "room", "roses")}).write(message(2, "one"))
    RoomLog(tmp_path, {2: room(2, "room", "tulips")}).write(message(2, "two"))
    (path,) = tmp_path.iterdir()
    assert path.read_text().count("\n") == 2
