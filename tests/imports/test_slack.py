"""Exports of Slack become archives, and those people, rooms and messages."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from chat.archive.directory import ArchiveReader, BadArchive
from chat.archive.format import Member, Message, Person, Room
from chat.archive.load import Load
from chat.archive.plan import Plan
from chat.backup.proving import _ROOMS
from chat.imports.registry import held, place_of
from chat.imports.slack import convert
from chat.imports.slack.convert import CANVASES, DATES, NOT_INSIDE, NOTICES, ROOTLESS, UNREADABLE, SlackExport
from chat.imports.writing import LONG, NO_TEXT
from chat.storage.postgres.database import DatabaseAddress
from tests.archive.conftest import Site, databases, sites, template
from tests.archive.test_commands import run
from tests.archive.test_loading import fetch
from tests.archive.test_round_trip import UNUSABLE
from tests.imports.slack_exports import GARDEN, PAIR, made, message
from tests.support.databases import empty

__all__ = ["databases", "sites", "template"]

DAY = "garden/2020-09-13"


class Converted:
    """The archive of an export."""

    def __init__(self, export: Path, directory: Path) -> None:
        conversion = SlackExport(export, directory)
        conversion.make()
        self.lost = conversion.lost
        self.reader = ArchiveReader(directory)
        self.reader.check()
        self.people = {each.key: each for each in self.reader.lines("people.jsonl", Person)}
        self.rooms = {each.key: each for each in self.reader.lines("rooms.jsonl", Room)}
        self.members = [*self.reader.lines("members.jsonl", Member)]
        self.messages = [each for each in self.reader.log() if isinstance(each, Message)]

    @property
    def texts(self) -> list[str]:
        """The texts of all messages."""
        return [each.text for each in self.messages]


@pytest.fixture
def converted(tmp_path: Path) -> Any:
    """Converts days of an export."""

    def convert_days(days: Any, **more: Any) -> Converted:
        return Converted(made(tmp_path / "export.zip", days, **more), tmp_path / "archive")

    return convert_days


def test_people_and_rooms_keep_what_they_are(converted: Any) -> None:
    made = converted({DAY: [message("1600000001.000100")]})
    assert {key: (each.name, each.display_name, each.email) for key, each in made.people.items()} == {
        "U1": ("ada", "Ada L.", "ada@example.org"),
        "U2": ("ben", None, "ben@example.org"),
        "U3": ("cem", None, None),
    }
    assert [each.disabled is not None for each in made.people.values()] == [False, False, True]
    rooms = made.rooms
    assert {key: (each.kind, each.name, each.is_private, each.is_group) for key, each in rooms.items()} == {
        "C1": ("room", "garden", False, False),
        "G1": ("room", "shed", True, False),
        "G2": ("room", None, True, True),
        "D1": ("direct", None, False, False),
    }
    assert (rooms["C1"].topic, rooms["G1"].archived is not None, rooms["D1"].people) == (
        "what grows",
        True,
        [1, 2],
    )
    assert [(each.room, each.person, each.role) for each in made.members][:2] == [
        (rooms["C1"].id, 1, "owner"),
        (rooms["C1"].id, 2, "member"),
    ]
    assert made.reader.head.source == "slack T1"


def test_messages_of_all_rooms_come_in_the_order_of_time(converted: Any) -> None:
    made = converted(
        {
            DAY: [message("1600000003.000000", "third"), message("1600000001.000100", "first")],
            "D1/2020-09-13": [message("1600000002.000000", "second")],
            "garden/2020-09-14": [message("1600090000.000000", "fourth")],
        }
    )
    assert made.texts == ["first", "second", "third", "fourth"]
    assert [each.seq for each in made.messages] == [1, 1, 2, 3]
    assert made.messages[0].at == 1_600_000_001_000_100
    assert made.messages[0].pin is not None
    assert made.messages[0].pin.by == 2


def test_answers_reactions_edits_and_mentions_come_along(converted: Any) -> None:
    root = "1600000001.000000"
    made = converted(
        {
            DAY: [
                message(root, "who is there?", thread_ts=root, reply_count=1),
                message(
                    "1600000002.000000",
                    "<@U1> <!channel>",
                    "U2",
                    thread_ts=root,
                    edited={"user": "U2", "ts": "1600000060.000000"},
                    reactions=[
                        {"name": "thumbsup", "users": ["U1", "U1", "U7"], "count": 3},
                        {"name": "+1", "users": ["U2"], "count": 1},
                        {"name": "party_parrot", "users": ["U2"], "count": 1},
                    ],
                ),
                message("1600000003.000000", "also here", subtype="thread_broadcast", thread_ts=root),
                message("1600000004.000000", "lost", thread_ts="1500000000.000000"),
            ]
        }
    )
    assert [each.reply for each in made.messages] == [None, 1, 1, None]
    answer = made.messages[1]
    assert (answer.text, answer.mentions, answer.edited) == ("@ada @all", [1, 0], 1_600_000_060_000_000)
    assert answer.reactions == {"👍": [1, 2], ":party_parrot:": [2]}
    assert made.lost == {ROOTLESS: 1}


def test_what_is_left_out_is_counted(converted: Any) -> None:
    many = "x" * 4000 + "y"
    made = converted(
        {
            DAY: [
                message("1600000001.000000", subtype="channel_topic"),
                message("1600000002.000000", "", subtype="channel_join"),
                message("1600000003.000000", ""),
                message("1600000004.000000", many),
                message("99999999999.000000", "in the year 5138"),
                message("12.5", "in 1970"),
                message("soon"),
                "no message",
                {"type": "message", "ts": 5},
                message("1600000005.000000", "by a stranger", "U77", user_profile={"real_name": "Zoe"}),
                {
                    "type": "message",
                    "subtype": "bot_message",
                    "bot_id": "B1",
                    "username": "CI",
                    "ts": "1600000006.0",
                }
                | {
                    "text": "",
                    "attachments": [{"title": "build", "title_link": "https://ci.example", "text": "ok"}],
                },
                message("1600000007.000000", "dances", subtype="me_message"),
            ]
        }
    )
    assert made.texts == ["", "x" * 4000, "y", "by a stranger", "[build](https://ci.example)\nok", "_dances_"]
    assert made.messages[0].kind == "join"
    assert made.lost == {NOTICES: 1, NO_TEXT: 1, LONG: 1, DATES: 3, UNREADABLE: 2}
    assert {key: each.name for key, each in made.people.items() if key in ("U77", "B1")} == {
        "U77": "Zoe",
        "B1": "CI",
    }


def test_files_come_along_where_the_export_has_them(converted: Any) -> None:
    png = b"\x89PNG\r\n\x1a\n" + bytes(50)
    files = [
        {
            "id": "F1",
            "name": "../../rose.png",
            "mimetype": "image/png",
            "permalink": "https://t.slack.com/F1",
        },
        {
            "id": "F2",
            "name": "a [b].pdf",
            "mimetype": "application/pdf",
            "permalink": "https://t.slack.com/F2",
        },
        {
            "id": "F3",
            "title": "notes",
            "mimetype": "application/vnd.slack-docs",
            "permalink": "javascript:alert(1)",
        },
        {"id": "F4", "mode": "tombstone"},
        None,
    ]
    made = converted(
        {DAY: [message("1600000001.000000", "look", files=files)]}, others={"__uploads/F1/rose.png": png}
    )
    (said,) = made.messages
    assert said.text == "look\n[a (b).pdf](https://t.slack.com/F2)\nnotes"
    (file,) = said.files
    assert (file.name, file.size, file.sha256) == ("rose.png", len(png), hashlib.sha256(png).hexdigest())
    opened = made.reader.open_file(file.sha256)
    assert opened is not None
    with opened:
        assert opened.read() == png
    assert made.lost == {NOT_INSIDE: 1, CANVASES: 1}


@pytest.mark.parametrize(
    ("days", "more", "complaint"),
    [
        ({DAY: {}}, {}, f"{DAY}.json"),
        ({}, {"users": {"a": 1}}, "users.json"),
        ({DAY: ["x" * 300_000]}, {}, "more than 200000 bytes"),
    ],
)
def test_an_export_that_is_none_is_refused(
    converted: Any, monkeypatch: pytest.MonkeyPatch, days: Any, more: Any, complaint: str
) -> None:
    monkeypatch.setattr(convert, "_MOST_DAY", 200_000)
    with pytest.raises(BadArchive, match=complaint):
        converted(days, **more)


async def imported(
    site: Site, tmp_path: Path, name: str, days: dict[str, Sequence[Any]], **lists: Any
) -> Plan:
    """Bring an export into a server."""
    SlackExport(made(tmp_path / f"{name}.zip", days, **lists), tmp_path / name).make()
    load = Load(site.storage.database, site.store, ArchiveReader(tmp_path / name), UNUSABLE, share=1.0)
    plan = await load.plan()
    await load.run(plan)
    return plan


async def test_a_later_export_adds_what_is_new(sites: tuple[Site, Site], tmp_path: Path) -> None:
    here, _ = sites
    root = "1600000001.000000"
    first = {
        DAY: [
            message(root, "root", thread_ts=root, reply_count=2),
            message("1600000002.000000", "answer", thread_ts=root),
        ],
        "D1/2020-09-13": [message("1600000003.000000", "psst", "U2")],
    }
    assert (await imported(here, tmp_path, "one", first)).new == 3
    later = {**first, "garden/2020-09-14": [message("1600090000.000000", "later", thread_ts=root)]}
    others = {"channels": [GARDEN, {"id": "C2", "name": "pond", "created": 1600080000, "members": ["U1"]}]}
    plan = await imported(
        here, tmp_path, "two", {**later, "pond/2020-09-14": [message("1600090001.0")]}, **others
    )
    assert (plan.known, plan.added, plan.new) == (3, 1, 1)
    rows = await fetch(
        here,
        "SELECT r.name, m.seq, m.text, m.reply_seq FROM messages m JOIN rooms r ON r.id = m.room_id"
        " ORDER BY r.id, m.seq",
    )
    assert [tuple(row) for row in rows] == [
        ("garden", 1, "root", None),
        ("garden", 2, "answer", 1),
        ("garden", 3, "later", 1),
        (None, 1, "psst", None),
        ("pond", 1, "hello", None),
    ]
    assert await fetch(here, _ROOMS) == []
    assert PAIR["members"] == ["U1", "U2"]
    unread = """SELECT count(*) FROM memberships JOIN rooms ON id = room_id
        WHERE joined_seq < last_seq AND name <> 'garden'"""
    assert (await fetch(here, unread))[0][0] == 0


def test_an_operator_sees_first_what_an_import_would_do(
    databases: list[DatabaseAddress], tmp_path: Path
) -> None:
    for address in databases:
        empty(address)
    export = made(
        tmp_path / "export.zip", {DAY: [message("1600000001.0"), message("1600000002.0", subtype="topic")]}
    )
    command = "import", "--from", "slack", str(export)
    dry = run(databases[0], tmp_path / "files", *command, "--dry-run")
    assert "WOULD BE IMPORTED" in dry.output
    assert f"1  {NOTICES}" in dry.output
    done = run(databases[0], tmp_path / "files", *command)
    assert done.exit_code == 0, done.output
    assert ["messages", "1"] in [line.split() for line in done.output.splitlines()]
    assert f"1  {NOTICES}" in done.output
    assert [path.name for path in tmp_path.glob("*.archive")] == []
    broken = run(databases[0], tmp_path / "files", "import", "--from", "slack", str(tmp_path / "no.zip"))
    assert (broken.exit_code, "no.zip" in broken.output) == (1, True)


def test_one_command_at_a_time_imports_an_export(databases: list[DatabaseAddress], tmp_path: Path) -> None:
    for address in databases:
        empty(address)
    export = made(tmp_path / "export.zip", {DAY: [message("1600000001.0")]})
    place = place_of(export, None)
    with held(place):
        refused = run(databases[0], tmp_path / "files", "import", "--from", "slack", str(export))
        assert (refused.exit_code, "another command" in refused.output) == (1, True)
    done = run(databases[0], tmp_path / "files", "import", "--from", "slack", str(export))
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in tmp_path.glob("export*")) == ["export.zip"]
