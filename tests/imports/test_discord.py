"""Channels of Discord, as DiscordChatExporter writes them, become archives."""

import json
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from chat.archive.directory import ArchiveReader, BadArchive
from chat.archive.format import Member, Message, Person, Room
from chat.archive.load import Load
from chat.backup.proving import _ROOMS
from chat.imports.discord.convert import DATES, NOT_INSIDE, NOTICES, ROOTLESS, UNREADABLE, DiscordExport
from tests.archive.conftest import Site, databases, sites, template
from tests.archive.test_loading import fetch
from tests.archive.test_round_trip import UNUSABLE

__all__ = ["databases", "sites", "template"]

ADA = {"id": "101", "name": "ada", "discriminator": "0000", "nickname": "Ada L.", "isBot": False}
BEN = {"id": "102", "name": "ben", "nickname": "ben", "isBot": False}
BOT = {"id": "103", "name": "helper", "isBot": True}


def said(nth: int, content: str, author: dict[str, Any] = ADA, **more: Any) -> dict[str, Any]:
    """Return the message with the id `nth`, sent in that minute."""
    stamp = f"2020-09-13T12:{nth:02}:00.123+00:00"
    return {
        "id": str(nth),
        "type": "Default",
        "timestamp": stamp,
        "content": content,
        "author": author,
        **more,
    }


def channel(
    *messages: Any, name: str = "garden", number: str = "7", kind: str = "GuildTextChat"
) -> dict[str, Any]:
    """Return a file."""
    return {
        "guild": {"id": "1", "name": "home"},
        "channel": {
            "id": number,
            "type": kind,
            "categoryId": "2",
            "category": "all",
            "name": name,
            "topic": "plants",
        },
        "messages": messages,
        "messageCount": len(messages),
    }


class Converted:
    """The archive of these files."""

    def __init__(self, place: Path, files: dict[str, Any]) -> None:
        with ZipFile(place / "export.zip", "w", ZIP_DEFLATED) as archive:
            for name, each in files.items():
                archive.writestr(name, each if isinstance(each, bytes) else json.dumps(each))
        conversion = DiscordExport(place / "export.zip", place / "archive")
        conversion.make()
        self.lost = conversion.lost
        self.reader = ArchiveReader(place / "archive")
        self.reader.check()
        self.people = [*self.reader.lines("people.jsonl", Person)]
        self.rooms = [*self.reader.lines("rooms.jsonl", Room)]
        self.members = [*self.reader.lines("members.jsonl", Member)]
        self.messages = [each for each in self.reader.log() if isinstance(each, Message)]


def test_channels_become_one_history(tmp_path: Path) -> None:
    made = Converted(
        tmp_path,
        {
            "garden [part 2].json": channel(said(5, "last", BOT), said(3, "third")),
            "garden.json": channel(said(1, "first"), said(3, "third")),
            "direct.json": channel(
                said(2, "psst", BEN), said(4, "yes?"), name="ben", number="8", kind="DirectTextChat"
            ),
        },
    )
    assert [(each.text, each.seq) for each in made.messages] == [
        ("first", 1),
        ("psst", 1),
        ("third", 2),
        ("yes?", 2),
        ("last", 3),
    ]
    assert made.messages[0].at == 1_599_998_460_123_000
    assert {(each.kind, each.name, each.is_private, each.topic) for each in made.rooms} == {
        ("room", "garden", False, "plants"),
        ("direct", None, True, ""),
    }
    assert [(each.name, each.display_name, each.disabled is None) for each in made.people] == [
        ("ada", "Ada L.", True),
        ("ben", None, True),
        ("helper", None, False),
    ]
    assert len(made.members) == 4
    assert made.reader.head.source == "discord 1"


def test_answers_reactions_edits_and_files_come_along(tmp_path: Path) -> None:
    reactions = [
        {"emoji": {"id": "", "name": "👍", "code": "thumbsup"}, "count": 2, "users": [ADA, BEN]},
        {"emoji": {"id": "55", "name": "parrot"}, "count": 1, "users": [BEN]},
        {"emoji": {"name": "🎉"}, "count": 9},
    ]
    attachments = [
        {"url": "garden.json_Files/rose-1.txt", "fileName": "rose.txt"},
        {"url": "../../etc/passwd", "fileName": "passwd"},
        {"url": "https://cdn.example/a.png", "fileName": "a.png"},
    ]
    made = Converted(
        tmp_path,
        {
            "home/garden.json": channel(
                said(
                    1,
                    "look, @ben",
                    reactions=reactions,
                    attachments=attachments,
                    mentions=[BEN],
                    isPinned=True,
                ),
                said(2, "nice", BEN, type="Reply", reference={"messageId": "1", "channelId": "7"})
                | {"timestampEdited": "2020-09-13T14:03:00+02:00"},
                said(3, "lost", BEN, type="Reply", reference={"messageId": "77"}),
                said(
                    4, "", BOT, embeds=[{"title": "build", "description": "ok", "url": "javascript:alert(1)"}]
                ),
            ),
            "home/garden.json_Files/rose-1.txt": b"a rose",
        },
    )
    first, answer, lost, embed = made.messages
    assert first.text == "look, @ben\npasswd\n[a.png](https://cdn.example/a.png)"
    assert [(file.name, file.type, file.size) for file in first.files] == [("rose.txt", "text/plain", 6)]
    assert first.reactions == {"👍": [1, 2], ":parrot:": [2]}
    assert (first.mentions, first.pin is None) == ([2], False)
    assert (answer.reply, answer.edited, lost.reply) == (1, 1_599_998_580_000_000, None)
    assert embed.text == "build\nok"
    assert made.lost == {NOT_INSIDE: 2, ROOTLESS: 1}


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    messages = (
        said(1, "Joined the server.", type="GuildMemberJoin"),
        {"id": "2", "timestamp": "2020-09-13T12:00:00+00:00"},
        "no message",
        {**said(3, "never"), "timestamp": "soon"},
        {**said(4, "before all"), "timestamp": "0001-01-01T00:00:00+00:00"},
        {**said(5, "in 9999"), "timestamp": "9999-12-31T23:59:59-12:00"},
        said(6, "hello"),
    )
    made = Converted(tmp_path, {"garden.json": channel(*messages), "garden.json_Files/x.json": b"[1]"})
    assert [each.text for each in made.messages] == ["hello"]
    assert made.lost == {NOTICES: 1, UNREADABLE: 2, DATES: 3}
    assert not (tmp_path / "archive" / ".messages").exists()


@pytest.mark.parametrize("files", [{"a.txt": b"x"}, {"a.json": b'{"channel": {}, "messages": 5'}])
def test_a_zip_file_without_channels_is_refused(tmp_path: Path, files: dict[str, Any]) -> None:
    with pytest.raises(BadArchive):
        Converted(tmp_path, files)


async def test_an_export_is_brought_into_a_server(sites: tuple[Site, Site], tmp_path: Path) -> None:
    here, _ = sites
    Converted(tmp_path, {"garden.json": channel(said(1, "hello"), said(2, "hi", BEN))})
    load = Load(here.storage.database, here.store, ArchiveReader(tmp_path / "archive"), UNUSABLE, share=1.0)
    await load.run(await load.plan())
    rows = await fetch(
        here, "SELECT u.name, m.text FROM messages m JOIN users u ON u.id = m.sender_id ORDER BY m.id"
    )
    assert [tuple(row) for row in rows] == [("ada", "hello"), ("ben", "hi")]
    assert await fetch(here, _ROOMS) == []
