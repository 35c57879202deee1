"""Exports of Mattermost, in the form of its page "Bulk loading data", become archives."""

import json
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from chat.archive.directory import ArchiveReader, BadArchive
from chat.archive.format import Member, Message, Person, Room
from chat.archive.load import Load
from chat.backup.proving import _ROOMS
from chat.imports.mattermost import convert
from chat.imports.mattermost.convert import (
    DATES,
    NO_CHANNEL,
    NOT_INSIDE,
    NOTICES,
    UNREADABLE,
    MattermostExport,
)
from tests.archive.conftest import Site, databases, sites, template
from tests.archive.test_loading import fetch
from tests.archive.test_round_trip import UNUSABLE

__all__ = ["databases", "sites", "template"]

AT = 1_600_000_000_000


def user(name: str, **more: Any) -> dict[str, Any]:
    """Return a line of a user, who is in the channel garden."""
    teams = [
        {"name": "home", "roles": "team_user", "channels": [{"name": "garden", "roles": "channel_user"}]}
    ]
    return {
        "type": "user",
        "user": {"username": name, "email": f"{name}@example.org", "teams": teams, **more},
    }


def post(at: int, message: str, name: str = "ada", **more: Any) -> dict[str, Any]:
    """Return a line of a post in the garden, `at` seconds after the first."""
    said = {
        "team": "home",
        "channel": "garden",
        "user": name,
        "message": message,
        "create_at": AT + at * 1000,
    }
    return {"type": "post", "post": {**said, **more}}


LINES: list[Any] = [
    {"type": "version", "version": 1},
    {"type": "team", "team": {"name": "home", "display_name": "Home", "type": "I"}},
    {
        "type": "channel",
        "channel": {"team": "home", "name": "garden", "display_name": "The Garden", "type": "O"},
    },
    {
        "type": "channel",
        "channel": {"team": "home", "name": "shed", "type": "P", "deleted_at": AT, "header": "tools"},
    },
    user("ada", first_name="Ada", last_name="L."),
    user("ben", nickname="Benny", roles="system_user system_admin"),
    user("cem", delete_at=AT, teams=[]),
    {"type": "direct_channel", "direct_channel": {"members": ["ada", "ben"]}},
]


class Converted:
    """The archive of an export."""

    def __init__(self, export: Path, directory: Path) -> None:
        conversion = MattermostExport(export, directory)
        conversion.make()
        self.lost = conversion.lost
        self.reader = ArchiveReader(directory)
        self.reader.check()
        self.people = [*self.reader.lines("people.jsonl", Person)]
        self.rooms = [*self.reader.lines("rooms.jsonl", Room)]
        self.members = [*self.reader.lines("members.jsonl", Member)]
        self.messages = [each for each in self.reader.log() if isinstance(each, Message)]


def written(path: Path, *lines: Any) -> Path:
    """Write lines, in a zip file or alone."""
    raw = b"".join(
        b"%b\n" % (line if isinstance(line, bytes) else json.dumps(line).encode()) for line in lines
    )
    if path.suffix == ".zip":
        with ZipFile(path, "w", ZIP_DEFLATED) as archive:
            archive.writestr("import.jsonl", raw)
            archive.writestr("data/20200913/rose.txt", b"a rose")
    else:
        path.write_bytes(raw)
    return path


def test_people_and_channels_keep_what_they_are(tmp_path: Path) -> None:
    made = Converted(written(tmp_path / "export.jsonl", *LINES), tmp_path / "archive")
    assert [(each.name, each.display_name, each.email, each.disabled is None) for each in made.people] == [
        ("ada", "Ada L.", "ada@example.org", True),
        ("ben", "Benny", "ben@example.org", True),
        ("cem", None, "cem@example.org", False),
    ]
    assert not any(each.is_admin for each in made.people)
    assert [
        (each.kind, each.name, each.is_private, each.topic, each.archived is None) for each in made.rooms
    ] == [
        ("room", "The Garden", False, "", True),
        ("room", "shed", True, "tools", False),
        ("direct", None, False, "", True),
    ]
    assert sorted((each.room, each.person) for each in made.members) == [(2, 1), (2, 2), (4, 1), (4, 2)]
    assert made.reader.head.source == "mattermost home"


def test_posts_and_replies_come_in_the_order_of_time(tmp_path: Path) -> None:
    replies = [
        {
            "user": "ben",
            "message": "me :tada:",
            "create_at": AT + 5000,
            "reactions": [{"user": "ada", "emoji_name": "+1"}],
        },
        {"user": "ada", "message": "and me", "create_at": AT + 9000},
    ]
    lines = (
        post(7, "between", "ben", is_pinned=True),
        post(1, "hello @ben, @all and `@ada`", replies=replies, edit_at=AT + 60_000),
        {
            "type": "direct_post",
            "direct_post": {
                "channel_members": ["ben", "ada"],
                "user": "ada",
                "message": "psst",
                "create_at": AT + 2000,
            },
        },
        {
            "type": "direct_post",
            "direct_post": {
                "channel_members": ["ben", "ada", "cem"],
                "user": "cem",
                "message": "we three",
                "create_at": AT + 3000,
            },
        },
    )
    made = Converted(written(tmp_path / "export.jsonl", *LINES, *lines), tmp_path / "archive")
    assert [(each.text, each.room, each.seq, each.reply) for each in made.messages] == [
        ("hello @ben, @all and `@ada`", 2, 1, None),
        ("psst", 4, 1, None),
        ("we three", 5, 1, None),
        ("me 🎉", 2, 2, 1),
        ("between", 2, 3, None),
        ("and me", 2, 4, 1),
    ]
    first, answer, pinned = made.messages[0], made.messages[3], made.messages[4]
    assert (first.mentions, first.edited) == ([2, 0], (AT + 60_000) * 1000)
    assert answer.reactions == {"👍": [1]}
    assert pinned.pin is not None
    assert (made.rooms[3].is_group, made.rooms[3].people) == (True, [1, 2, 3])


def test_files_of_the_zip_file_come_along(tmp_path: Path) -> None:
    attachments = [{"path": "20200913/rose.txt"}, {"path": "../../etc/passwd"}]
    made = Converted(
        written(tmp_path / "export.zip", *LINES, post(1, "look", attachments=attachments)),
        tmp_path / "archive",
    )
    (said,) = made.messages
    assert (said.text, [(file.name, file.type, file.size) for file in said.files]) == (
        "look\npasswd",
        [("rose.txt", "text/plain", 6)],
    )
    assert made.lost == {NOT_INSIDE: 1}
    assert not (tmp_path / "archive" / ".lines").exists()


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    made = Converted(
        written(
            tmp_path / "export.jsonl",
            *LINES,
            b"{no json",
            {"type": "post", "post": {"user": 5}},
            post(-(10**9), "in 1988"),
            post(10**9, "in 2052"),
            post(1, "ada joined", type="system_join_channel"),
            post(2, "a header", type="system_header_change"),
            post(3, "by nobody", "zoe"),
            post(4, "nowhere", channel="pond"),
            {"type": "emoji", "emoji": {"name": "x"}},
        ),
        tmp_path / "archive",
    )
    assert [(each.kind, each.text) for each in made.messages] == [("join", "")]
    assert made.lost == {UNREADABLE: 2, DATES: 2, NOTICES: 1, NO_CHANNEL: 2}


@pytest.mark.parametrize(
    ("name", "lines", "complaint"),
    [
        ("export.jsonl", [{"type": "version"}], "neither teams nor people"),
        ("export.jsonl", [b'"%b"' % (b"x" * 5000)], "line 1 of the export is longer"),
        ("export.zip", [b"x"], "neither teams nor people"),
    ],
)
def test_an_export_that_is_none_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, lines: list[Any], complaint: str
) -> None:
    monkeypatch.setattr(convert, "_LONGEST_LINE", 4000)
    with pytest.raises(BadArchive, match=complaint):
        Converted(written(tmp_path / name, *lines), tmp_path / "archive")


async def test_an_export_is_brought_into_a_server(sites: tuple[Site, Site], tmp_path: Path) -> None:
    here, _ = sites
    replies = [{"user": "ben", "message": "me", "create_at": AT + 5000}]
    Converted(written(tmp_path / "e.jsonl", *LINES, post(1, "who?", replies=replies)), tmp_path / "archive")
    load = Load(here.storage.database, here.store, ArchiveReader(tmp_path / "archive"), UNUSABLE, share=1.0)
    await load.run(await load.plan())
    rows = await fetch(
        here,
        "SELECT r.name, u.name AS by, m.text, m.reply_seq FROM messages m JOIN rooms r ON r.id = m.room_id"
        " JOIN users u ON u.id = m.sender_id ORDER BY m.id",
    )
    assert [tuple(row) for row in rows] == [
        ("The Garden", "ada", "who?", None),
        ("The Garden", "ben", "me", 1),
    ]
    assert await fetch(here, _ROOMS) == []
