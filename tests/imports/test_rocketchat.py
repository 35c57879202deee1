"""Dumps of Rocket.Chat's database become archives."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chat.archive.directory import ArchiveReader, BadArchive
from chat.archive.format import Member, Message, Person, Room
from chat.archive.load import Load
from chat.backup.proving import _ROOMS
from chat.imports.rocketchat.bson import LONGEST, BadDocument, decode
from chat.imports.rocketchat.convert import (
    DATES,
    ENCRYPTED,
    LIVECHAT,
    NOT_INSIDE,
    NOTICES,
    ROOTLESS,
    UNREADABLE,
    VERSIONS,
    RocketChatDump,
)
from chat.imports.rocketchat.text import convert, emoji
from tests.archive.conftest import Site, databases, sites, template
from tests.archive.test_loading import fetch
from tests.archive.test_round_trip import UNUSABLE
from tests.imports.rocketchat_dumps import Collections, Time, bson, folder, mongodump

__all__ = ["databases", "sites", "template"]

ADA = {"_id": "aaa", "username": "ada", "name": "Ada Lovelace"}
BEN = {"_id": "bbb", "username": "ben", "name": "ben"}
GONE = {"_id": "zzz", "username": "gone", "name": "Gone"}
BEGIN = 1_600_000_000_000


def user(who: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return an account."""
    return {
        **who,
        "createdAt": Time(BEGIN),
        "services": {"password": {"bcrypt": "$2b$10$secret"}},
        "emails": [{"address": f"{who['username']}@example.org", "verified": True}],
        "type": "user",
        "active": True,
        **more,
    }


def said(
    nth: int, text: str, who: dict[str, Any] = ADA, room: str = "GENERAL", **more: Any
) -> dict[str, Any]:
    """Return the message with the id `m{nth}`, sent in that second."""
    return {
        "_id": f"m{nth}",
        "rid": room,
        "msg": text,
        "ts": Time(BEGIN + nth * 1000),
        "u": who,
        "_updatedAt": Time(BEGIN + nth * 1000),
        "urls": [],
        "md": [{"type": "PARAGRAPH", "value": [{"type": "PLAIN_TEXT", "value": text}]}],
        **more,
    }


def member(room: str, who: dict[str, Any], *roles: str) -> dict[str, Any]:
    """Return a subscription."""
    return {
        "_id": f"{room}{who['_id']}",
        "rid": room,
        "u": who,
        "ts": Time(BEGIN),
        "roles": [*roles],
        "open": True,
    }


def workspace(*messages: dict[str, Any], **more: list[dict[str, Any]]) -> Collections:
    """Return a workspace with ada and ben, a channel and a conversation of two."""
    rooms = [
        {
            "_id": "GENERAL",
            "t": "c",
            "name": "general",
            "topic": "all",
            "u": ADA,
            "ts": Time(BEGIN),
            "msgs": 3,
        },
        {"_id": "aaabbb", "t": "d", "uids": ["aaa", "bbb"], "usernames": ["ada", "ben"], "ts": Time(BEGIN)},
    ]
    found: Collections = {
        "rocketchat_settings": [
            {"_id": "uniqueID", "value": "w1"},
            {"_id": "SMTP_Password", "value": "secret"},
        ],
        "users": [user(ADA), user(BEN), user({"_id": "rocket.cat", "username": "rocket.cat"}, type="bot")],
        "rocketchat_room": [*rooms, *more.pop("rooms", [])],
        "rocketchat_subscription": [member("GENERAL", ADA, "owner"), member("GENERAL", BEN)],
        "rocketchat_message": [*messages],
    }
    return {**found, **more}


class Converted:
    """The archive of a dump."""

    def __init__(self, dump: Path) -> None:
        directory = dump.parent / "archive"
        conversion = RocketChatDump(dump, directory)
        conversion.make()
        assert not [*directory.glob(".*")]
        self.lost = conversion.lost
        self.reader = ArchiveReader(directory)
        self.reader.check()
        self.people = [*self.reader.lines("people.jsonl", Person)]
        self.rooms = [*self.reader.lines("rooms.jsonl", Room)]
        self.members = [*self.reader.lines("members.jsonl", Member)]
        self.messages = [each for each in self.reader.log() if isinstance(each, Message)]


FORMS: dict[str, Callable[[Path, Collections], Path]] = {
    "archive": lambda place, each: mongodump(place / "rc.archive", each, is_compressed=False),
    "gzip": lambda place, each: mongodump(place / "rc.gz", each),
    "tar": lambda place, each: folder(place / "rc.tar.gz", each, {}),
    "tar of gzip": lambda place, each: folder(place / "rc.tar.gz", each, {}, is_compressed=True),
    "zip": lambda place, each: folder(place / "rc.zip", each, {}),
    "zip of gzip": lambda place, each: folder(place / "rc.zip", each, {}, is_compressed=True),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_workspace_becomes_an_archive(tmp_path: Path, form: str) -> None:
    private = {"_id": "r3", "t": "p", "name": "plans", "fname": "The plans", "u": BEN, "ts": Time(BEGIN)}
    three = {"_id": "r4", "t": "d", "uids": ["aaa", "bbb", "rocket.cat"], "ts": Time(BEGIN)}
    visitor = {"_id": "r5", "t": "l", "v": {"_id": "v"}, "ts": Time(BEGIN)}
    rows = workspace(
        said(3, "third", BEN),
        said(1, "*first* ~one~"),
        said(2, "psst", BEN, "aaabbb"),
        said(4, "in the plans", BEN, "r3"),
        said(5, "help", GONE, "r5"),
        said(6, "I was here", GONE),
        rooms=[private, three, visitor],
    )
    made = Converted(FORMS[form](tmp_path, rows))
    assert [(each.text, each.seq) for each in made.messages] == [
        ("**first** ~~one~~", 1),
        ("psst", 1),
        ("third", 2),
        ("in the plans", 1),
        ("I was here", 3),
    ]
    assert made.messages[0].at == (BEGIN + 1000) * 1000
    assert [(each.kind, each.name, each.is_private, len(each.people)) for each in made.rooms] == [
        ("room", "general", False, 0),
        ("direct", None, False, 2),
        ("room", "The plans", True, 0),
        ("room", None, True, 3),
    ]
    assert [(each.name, each.display_name, each.email, each.disabled is None) for each in made.people] == [
        ("ada", "Ada Lovelace", "ada@example.org", True),
        ("ben", None, "ben@example.org", True),
        ("rocket.cat", None, "rocket.cat@example.org", False),
        ("gone", "Gone", None, False),
    ]
    roles = {(each.room, each.person): each.role for each in made.members}
    assert (roles[2, 1], roles[2, 2]) == ("owner", "member")
    assert made.reader.head.source == "rocket.chat w1"
    assert made.lost == {LIVECHAT: 1}
    assert b"secret" not in b"".join(each.read_bytes() for each in (tmp_path / "archive").glob("*.json*"))


def test_threads_quotes_reactions_edits_and_pins_come_along(tmp_path: Path) -> None:
    quote = "[ ](https://chat.example.org/channel/general?msg=m1) yes"
    elsewhere = "[ ](https://chat.example.org/direct/x?msg=m9) look"
    rows = workspace(
        said(1, "root", tcount=1, tlm=Time(BEGIN)),
        said(2, "in the thread", BEN, tmid="m1"),
        said(
            3,
            quote,
            attachments=[{"message_link": "https://chat.example.org/channel/general?msg=m1", "text": "root"}],
        ),
        said(
            4,
            elsewhere,
            attachments=[{"message_link": "https://x/?msg=m9", "author_name": "eve", "text": "a\nb"}],
        ),
        said(5, "lost root", tmid="nowhere"),
        said(
            6,
            "@ben @all hi :smile: `:smile: *a*`",
            mentions=[BEN, {"_id": "all", "username": "all"}],
            reactions={
                ":thumbsup:": {"usernames": ["ben", "ben", "nobody"]},
                ":our_parrot:": {"usernames": ["ada"]},
            },
            editedAt=Time(BEGIN + 7000),
            editedBy=ADA,
            pinned=True,
            pinnedAt=Time(BEGIN + 8000),
            pinnedBy=BEN,
        ),
    )
    made = Converted(mongodump(tmp_path / "rc", rows))
    texts = [(each.text, each.reply) for each in made.messages]
    assert texts == [
        ("root", None),
        ("in the thread", 1),
        ("yes", 1),
        ("look\n> eve:\n> a\n> b", None),
        ("lost root", None),
        ("@ben @all hi 😄 `:smile: *a*`", None),
    ]
    last = made.messages[-1]
    assert last.mentions == [2, 0]
    assert last.reactions == {"👍": [2], ":our_parrot:": [1]}
    assert last.edited == (BEGIN + 7000) * 1000
    assert last.pin is not None
    assert (last.pin.by, last.pin.at) == (2, (BEGIN + 8000) * 1000)
    assert made.lost == {ROOTLESS: 1}


def test_files_of_the_database_and_of_the_disk_come_along(tmp_path: Path) -> None:
    def upload(name: str) -> dict[str, Any]:
        return {"_id": name, "name": f"{name}.txt", "type": "text/plain", "size": 1}

    attached = [{"type": "file", "title": "one.txt", "description": "*what* it is"}]
    rows = workspace(
        said(
            1,
            "",
            file=upload("one"),
            files=[upload("one"), {**upload("t"), "name": "thumb-one.txt"}],
            attachments=attached,
        ),
        said(2, "", file=upload("two")),
        said(3, "", file=upload("missing")),
    )
    rows["rocketchat_uploads.chunks"] = [
        {"_id": "c2", "files_id": "one", "n": 1, "data": b"world"},
        {"_id": "c1", "files_id": "one", "n": 0, "data": b"hello "},
    ]
    made = Converted(folder(tmp_path / "rc.zip", rows, {"uploads/two": b"on the disk"}))
    first, second, third = made.messages
    assert (first.text, first.files[0].name, first.files[0].type) == (
        "**what** it is",
        "one.txt",
        "text/plain",
    )
    for message, content in ((first, b"hello world"), (second, b"on the disk")):
        opened = made.reader.open_file(message.files[0].sha256)
        assert opened is not None
        with opened:
            assert opened.read() == content
    assert third.text == "missing.txt"
    assert made.lost == {NOT_INSIDE: 1}


def test_what_is_no_message_of_people_is_counted(tmp_path: Path) -> None:
    rows = workspace(
        said(1, "ada", t="uj"),
        said(2, "ben", t="au"),
        said(3, "new topic", t="room_changed_topic"),
        said(4, "", t="rm"),
        said(5, "U2FsdGVk", t="e2e"),
        said(6, "before", _hidden=True, parent="m1"),
        said(7, "too early", ts=Time(5)),
        {"_id": "m8", "rid": "GENERAL", "msg": "no time"},
        said(9, 7),  # type: ignore[arg-type]
    )
    made = Converted(mongodump(tmp_path / "rc", rows))
    assert [(each.kind, each.by) for each in made.messages] == [("join", 1), ("join", 2)]
    assert made.lost == {NOTICES: 2, ENCRYPTED: 1, VERSIONS: 1, DATES: 1, UNREADABLE: 2}


def test_texts_have_the_markup_of_this_chat() -> None:
    assert convert("[ ](https://a.b/group/x?msg=abc) [l](https://a.b) *b* **c** _i_") == (
        "[l](https://a.b) **b** **c** _i_",
        ["abc"],
    )
    assert emoji("thumbsup_tone1") == "👍🏻"
    assert emoji("our_own") == ":our_own:"


def test_documents_are_read_as_the_specification_has_them() -> None:
    # Both examples are of bsonspec.org.
    assert decode(b"\x16\0\0\0\x02hello\0\x06\0\0\0world\0\0") == {"hello": "world"}
    awesome = bytes.fromhex(
        "310000000442534f4e002600000002300008000000617765736f6d65000131003333333333331440103200c20700000000"
    )
    assert decode(awesome) == {"BSON": ["awesome", 5.05, 1986]}
    identity = b"\x16\0\0\0\x07_id\0" + bytes(range(12)) + b"\0"
    assert decode(identity) == {"_id": bytes(range(12)).hex()}
    every = {
        "a": None,
        "b": True,
        "c": Time(-5),
        "d": 7,
        "e": 1.5,
        "f": "é",
        "g": b"raw",
        "h": {"i": [1, {"j": "k"}]},
    }
    assert decode(bson(every)) == every
    assert decode(bson(every), ("f",)) == {"f": "é"}


@pytest.mark.parametrize("seed", range(40))
def test_damaged_documents_are_refused_or_read(seed: int) -> None:
    raw = bytearray(bson({"a": {"b": [1, "two", b"three", None]}, "c": "d", "e": Time(5), "f": True}))
    at = seed * 7 % len(raw)
    for value in (0, 1, 2, 0x7F, 0xFF):
        damaged = bytes(raw[:at]) + bytes([value]) + bytes(raw[at + 1 :])
        try:
            assert isinstance(decode(damaged), dict)
        except BadDocument:
            continue


def test_documents_in_each_other_end_somewhere() -> None:
    deep: dict[str, Any] = {}
    for _ in range(150):
        deep = {"a": deep}
    with pytest.raises(BadDocument, match="too deep"):
        decode(bson(deep))


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"no dump at all", "damaged, or no tar file"),
        (bytes.fromhex("6de29981") + struct.pack("<i", LONGEST + 1), "damaged: a document of"),
        (bytes.fromhex("6de29981") + b"\xff" * 4, "has no rocketchat_message"),
        (bytes.fromhex("6de29981") + b"\xff" * 4 + bson({"db": "a"}), "damaged: a document of 0 bytes"),
        (b"\x1f\x8b\x08broken", "damaged"),
    ],
)
def test_what_is_no_dump_is_refused(tmp_path: Path, raw: bytes, message: str) -> None:
    (tmp_path / "rc").write_bytes(raw)
    with pytest.raises(BadArchive, match=message):
        RocketChatDump(tmp_path / "rc", tmp_path / "archive").make()


def test_a_dump_without_the_workspaces_id_is_refused(tmp_path: Path) -> None:
    rows = workspace(said(1, "a"), rocketchat_settings=[])
    with pytest.raises(BadArchive, match="rocketchat_settings"):
        Converted(mongodump(tmp_path / "rc", rows))


async def test_it_is_imported(sites: tuple[Site, Site], tmp_path: Path) -> None:
    rows = workspace(
        said(1, "root", tcount=1), said(2, "answer", BEN, tmid="m1"), said(3, "psst", BEN, "aaabbb")
    )
    Converted(mongodump(tmp_path / "rc", rows))
    storage, store = sites[0]
    load = Load(storage.database, store, ArchiveReader(tmp_path / "archive"), UNUSABLE, share=1.0)
    await load.run(await load.plan())
    assert await fetch(sites[0], _ROOMS) == []
    texts = await fetch(sites[0], "SELECT text, reply_seq FROM messages ORDER BY id")
    assert [tuple(row) for row in texts] == [("root", None), ("answer", 1), ("psst", None)]
