"""Exports of Zulip, a tar file of tables and uploads, become archives."""

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from chat.archive.directory import ArchiveReader, BadArchive
from chat.archive.format import Member, Message, Person, Room
from chat.archive.load import Load
from chat.backup.proving import _ROOMS
from chat.imports.zulip.convert import DATES, NO_PLACE, NOT_INSIDE, UNREADABLE, ZulipExport
from chat.imports.zulip.text import References, convert
from chat.storage.disk_space import NoSpace
from tests.archive.conftest import Site, databases, sites, template
from tests.archive.test_loading import fetch
from tests.archive.test_round_trip import UNUSABLE

__all__ = ["databases", "sites", "template"]

AT = 1_600_000_000.0
NO_FILES: Mapping[str, bytes] = MappingProxyType({})
USERS = [
    {"id": 10, "full_name": "Ada L.", "email": "user10@z", "delivery_email": "ada@example.org", "role": 100},
    {"id": 11, "full_name": "Ben", "email": "ben@example.org"},
    {"id": 12, "full_name": "Cem", "email": "cem@example.org", "is_active": False},
]
REALM: dict[str, Any] = {
    "zerver_realm": [{"id": 2, "string_id": "home", "name": "Home"}],
    "zerver_userprofile": USERS,
    "zerver_userprofile_crossrealm": [
        {"id": 1, "email": "welcome-bot@zulip.com", "full_name": "Welcome Bot"}
    ],
    "zerver_stream": [
        {"id": 5, "name": "garden", "description": "what grows", "date_created": AT},
        {"id": 6, "name": "shed", "invite_only": True, "deactivated": True},
    ],
    "zerver_recipient": [
        {"id": 100, "type": 2, "type_id": 5},
        {"id": 101, "type": 2, "type_id": 6},
        {"id": 110, "type": 1, "type_id": 10},
        {"id": 111, "type": 1, "type_id": 11},
        {"id": 120, "type": 3, "type_id": 1},
    ],
    "zerver_subscription": [
        {"user_profile": 10, "recipient": 100, "active": True},
        {"user_profile": 11, "recipient": 100, "active": False},
        *({"user_profile": each, "recipient": 120} for each in (10, 11, 12)),
    ],
    "zerver_reaction": [
        {"user_profile": 11, "message": 1, "emoji_name": "tada", "emoji_code": "1f389"},
        {
            "user_profile": 10,
            "message": 1,
            "emoji_name": "Parrot",
            "emoji_code": "7",
            "reaction_type": "realm_emoji",
        },
        {"user_profile": 99, "message": 1, "emoji_name": "tada", "emoji_code": "1f389"},
    ],
}


def said(nth: int, content: str, sender: int = 10, recipient: int = 100, **more: Any) -> dict[str, Any]:
    """Return the message with the id `nth`, sent in that second."""
    return {
        "id": nth,
        "sender": sender,
        "recipient": recipient,
        "content": content,
        "date_sent": AT + nth,
        **more,
    }


def packed(path: Path, *messages: Any, files: Mapping[str, bytes] = NO_FILES, **tables: Any) -> Path:
    """Write an export."""
    realm = json.dumps({**REALM, **tables}).encode()
    inside = {
        "messages-000001.json": json.dumps({"zerver_message": messages, "zerver_usermessage": []}).encode(),
        "realm.json": realm,
        "attachment.json": json.dumps(
            {
                "zerver_attachment": [
                    {"id": 1, "path_id": "2/ab/rose.txt", "file_name": "rose.txt", "messages": [1]}
                ]
            }
        ).encode(),
        "stats.json": b"{}",
        **files,
    }
    with tarfile.open(path, "w:gz") as archive:
        for name, raw in inside.items():
            info = tarfile.TarInfo(f"zulip-export-1/{name}")
            info.size = len(raw)
            archive.addfile(info, io.BytesIO(raw))
    return path


class Converted:
    """The archive of an export."""

    def __init__(self, export: Path) -> None:
        conversion = ZulipExport(export, export.parent / "archive")
        conversion.make()
        self.lost = conversion.lost
        self.reader = ArchiveReader(export.parent / "archive")
        self.reader.check()
        self.people = [*self.reader.lines("people.jsonl", Person)]
        self.rooms = [*self.reader.lines("rooms.jsonl", Room)]
        self.members = [*self.reader.lines("members.jsonl", Member)]
        self.messages = [each for each in self.reader.log() if isinstance(each, Message)]


def test_people_and_channels_keep_what_they_are(tmp_path: Path) -> None:
    made = Converted(packed(tmp_path / "export.tar.gz"))
    assert [(each.name, each.email, each.disabled is None, each.is_admin) for each in made.people] == [
        ("Ada L.", "ada@example.org", True, False),
        ("Ben", "ben@example.org", True, False),
        ("Cem", None, False, False),
        ("Welcome Bot", None, False, False),
    ]
    assert [(each.name, each.is_private, each.topic, each.archived is None) for each in made.rooms] == [
        ("garden", False, "what grows", True),
        ("shed", True, "", False),
    ]
    assert [(each.room, each.person) for each in made.members] == [(2, 1)]
    assert made.reader.head.source == "zulip home"
    assert not (tmp_path / "archive" / ".unpacked").exists()


def test_topics_are_threads_and_conversations_of_two_are_theirs(tmp_path: Path) -> None:
    made = Converted(
        packed(
            tmp_path / "export.tar.gz",
            said(4, "and me", 11, subject="spring"),
            said(1, "who digs?", subject="spring", last_edit_time=AT + 60),
            said(2, "seeds", subject="autumn"),
            said(3, "psst", 10, 111),
            said(5, "yes?", 11, 110),
            said(6, "we three", 12, 120),
            said(7, "to myself", 10, 110),
        )
    )
    assert [(each.text, each.room, each.seq, each.reply) for each in made.messages] == [
        ("**spring**\nwho digs?", 2, 1, None),
        ("**autumn**\nseeds", 2, 2, None),
        ("psst", 4, 1, None),
        ("and me", 2, 3, 1),
        ("yes?", 4, 2, None),
        ("we three", 5, 1, None),
        ("to myself", 6, 1, None),
    ]
    first = made.messages[0]
    assert (first.reactions, first.edited) == ({"🎉": [2], ":parrot:": [1]}, 1_600_000_060_000_000)
    assert [(each.kind, each.is_group, each.people) for each in made.rooms[2:]] == [
        ("direct", False, [1, 2]),
        ("room", True, [1, 2, 3]),
        ("direct", False, [1, 1]),
    ]


def test_uploads_come_along(tmp_path: Path) -> None:
    text = "[the rose](/user_uploads/2/ab/rose.txt) ![](/user_uploads/../../etc/passwd)"
    made = Converted(
        packed(tmp_path / "export.tar.gz", said(1, text), files={"uploads/2/ab/rose.txt": b"a rose"})
    )
    (message,) = made.messages
    assert [(file.name, file.type, file.size) for file in message.files] == [("rose.txt", "text/plain", 6)]
    assert message.text == "the rose \npasswd"
    assert made.lost == {NOT_INSIDE: 1}


@pytest.mark.parametrize(
    ("zulip", "ours"),
    [
        ("@**Ada L.** @**Ben|11** @_**Ben** @**Zoe|9** @*staff*", "@Ada L. @Ben @Ben @Zoe @staff"),
        ("@**all** #**garden** #**garden>spring**", "@all #garden #garden > spring"),
        (":tada: 12:30:00 `:tada: @**Ben**`", "🎉 12:30:00 `:tada: @**Ben**`"),
        ("```\n@**all**\n``` **bold**", "```\n@**all**\n``` **bold**"),
    ],
)
def test_a_text_keeps_its_meaning(zulip: str, ours: str) -> None:
    people = {"Ada L.": (1, "Ada L."), "Ben": (2, "Ben")}
    found = References(lambda name, _number: people.get(name))
    assert convert(zulip, found) == ours
    assert found.mentions == ([1, 2] if "Ada" in zulip else [0] if zulip.startswith("@**all") else [])


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    made = Converted(
        packed(
            tmp_path / "export.tar.gz",
            said(1, "hello"),
            said(2, "nowhere", recipient=999),
            said(3, "by nobody", sender=99),
            {**said(4, "before all"), "date_sent": 5.0},
            {**said(5, "in 9999"), "date_sent": 1e300},
            {"id": 6},
            "no message",
        )
    )
    assert [each.text for each in made.messages] == ["hello"]
    assert made.lost == {NO_PLACE: 2, DATES: 2, UNREADABLE: 2}


def linked(path: Path) -> Path:
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("zulip-export-1/realm.json")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    return path


def elsewhere(path: Path) -> Path:
    with tarfile.open(path, "w") as archive:
        archive.addfile(tarfile.TarInfo("../../realm.json"))
    return path


def huge(path: Path) -> Path:
    info = tarfile.TarInfo("zulip-export-1/realm.json")
    info.size = 1 << 60
    path.write_bytes(info.tobuf(tarfile.GNU_FORMAT))
    return path


def cut(path: Path) -> Path:
    packed(path)
    path.write_bytes(path.read_bytes()[:200])
    return path


@pytest.mark.parametrize(
    ("made", "complaint"),
    [
        (linked, "a link"),
        (elsewhere, "leads elsewhere"),
        (cut, "damaged"),
        (lambda path: packed(path, zerver_realm=5), "realm.json"),
        (lambda path: packed(path, files={"realm.json": b"[" * 100_000}), "realm.json"),
    ],
    ids=["a link", "elsewhere", "cut", "no table", "a tower"],
)
def test_an_export_that_is_none_is_refused(tmp_path: Path, made: Any, complaint: str) -> None:
    with pytest.raises(BadArchive, match=complaint):
        Converted(made(tmp_path / "export.tar.gz"))
    assert not (tmp_path / "archive" / ".unpacked").exists()


def test_a_file_that_would_fill_the_disk_is_not_unpacked(tmp_path: Path) -> None:
    with pytest.raises(NoSpace):
        Converted(huge(tmp_path / "export.tar.gz"))
    assert not (tmp_path / "archive" / ".unpacked").exists()


async def test_an_export_is_brought_into_a_server(sites: tuple[Site, Site], tmp_path: Path) -> None:
    here, _ = sites
    messages = (
        said(1, "who digs?", subject="spring"),
        said(2, "me", 11, subject="spring"),
        said(3, "psst", 11, 110),
    )
    Converted(packed(tmp_path / "export.tar.gz", *messages))
    load = Load(here.storage.database, here.store, ArchiveReader(tmp_path / "archive"), UNUSABLE, share=1.0)
    await load.run(await load.plan())
    rows = await fetch(
        here,
        "SELECT r.kind, u.name, m.reply_seq FROM messages m JOIN rooms r ON r.id = m.room_id"
        " JOIN users u ON u.id = m.sender_id ORDER BY m.id",
    )
    assert [tuple(row) for row in rows] == [
        ("room", "Ada L.", None),
        ("room", "Ben", 1),
        ("direct", "Ben", None),
    ]
    assert await fetch(here, _ROOMS) == []
