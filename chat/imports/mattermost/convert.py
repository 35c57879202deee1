"""Makes the archive of a Mattermost export in its bulk format. It blocks.

Each line is an object with a `type`: users, channels, posts with their replies, and others. Posts come in no order of
time, so the first pass notes where each one is, and the second writes them by their times.

Source: Mattermost's page "Bulk loading data".
"""

import hashlib
import re
import time
from array import array
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar
from zipfile import is_zipfile

import msgspec

from chat.archive.directory import BadArchive
from chat.archive.format import File, Person, Pin, Room
from chat.archive.problems import Problem
from chat.domain.messages.files import clean_file_name
from chat.imports.emoji_names import emoji_of
from chat.imports.writing import ArchiveMaker, Said, topic_of, type_by
from chat.imports.zip_reading import ZipReader

NOTICES = "notices of Mattermost, as of headers and people who left"
UNREADABLE = "lines that are not as Mattermost writes them"
DATES = "messages with an impossible time"
NO_CHANNEL = "messages of channels or people that the export does not have"
NOT_INSIDE = "files that are not in the export: the message has their names"

_LONGEST_LINE = 64 * 2**20
_MOST_LINES = 64 * 2**30
"""Bytes of a line: a post has all of its replies; and of all lines."""

_EARLIEST = 1_000_000_000_000_000
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
_MENTION = re.compile(r"(?<![\w@/.-])@([a-z0-9][a-z0-9._-]{0,63})", re.IGNORECASE)
_EMOJI = re.compile(r"(?<![\w:]):([a-z0-9_+'-]{1,60}):(?![\w:])")
_EVERYBODY = ("all", "channel", "here")
_JOINED = frozenset({"system_join_channel", "system_add_to_channel"})

T = TypeVar("T")


class _Lenient(msgspec.Struct):
    """What is not named here is not read."""


class _InChannel(_Lenient):
    name: str
    roles: str | None = None


class _InTeam(_Lenient):
    name: str
    channels: list[_InChannel] | None = None


class _User(_Lenient):
    username: str
    email: str | None = None
    nickname: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    teams: list[_InTeam] | None = None
    delete_at: int | None = None


class _Channel(_Lenient):
    team: str
    name: str
    display_name: str | None = None
    type: str = "O"
    header: str | None = None
    purpose: str | None = None
    deleted_at: int | None = None


class _Participant(_Lenient):
    username: str


class _Direct(_Lenient):
    members: list[str] | None = None
    participants: list[_Participant] | None = None


class _Reaction(_Lenient):
    user: str
    emoji_name: str


class _Attachment(_Lenient):
    path: str | None = None


class _Reply(_Lenient):
    user: str
    create_at: int
    type: str | None = None
    message: str | None = None
    edit_at: int | None = None
    reactions: list[_Reaction] | None = None
    attachments: list[_Attachment] | None = None
    is_pinned: bool | None = None


class _Post(_Reply, kw_only=True):
    team: str | None = None
    channel: str | None = None
    channel_members: list[str] | None = None
    replies: list[_Reply] | None = None


_NULL = msgspec.Raw(b"null")


class _Line(_Lenient):
    type: str
    user: msgspec.Raw = _NULL
    bot: msgspec.Raw = _NULL
    channel: msgspec.Raw = _NULL
    direct_channel: msgspec.Raw = _NULL
    post: _Post | None = None
    direct_post: _Post | None = None


class _Bot(_Lenient):
    username: str
    display_name: str | None = None


_as_line = msgspec.json.Decoder(_Line).decode


class MattermostExport:
    """One conversion.

    Args:
        export: a zip file, or a file of lines.
        directory: where the archive is made.
        progress: called with the number of messages that are written, and of all.
    """

    def __init__(
        self, export: Path, directory: Path, progress: Callable[[int, int], object] = lambda _done, _all: None
    ) -> None:
        self._export = export
        self._maker = ArchiveMaker(directory)
        self._progress = progress
        self._zip: ZipReader | None = None
        self._ids: dict[str, int] = {}
        self._places: dict[tuple[str, ...], int] = {}
        self._teams: set[str] = set()
        self._latest = int((time.time() + 86_400) * 1_000_000)
        self._times = array(
            "q"
        )  # of each message; `_offsets` and `_nths` say where it is: -1 is the post itself
        self._offsets = array("q")
        self._nths = array("l")

    @property
    def lost(self) -> dict[str, int]:
        """What is left out, and how often."""
        return dict(self._maker.lost)

    def make(self) -> None:
        """Make the archive. Raises BadArchive and OSError."""
        if not is_zipfile(self._export):
            with self._export.open("rb") as lines:
                return self._make(lines)
        with ZipReader(self._export) as self._zip:
            name = next(
                (each for each in self._zip.names if "/" not in each and each.endswith(".jsonl")), None
            )
            if name is None:
                raise BadArchive(
                    f"{self._export} has no file of lines (.jsonl): it is no export of Mattermost",
                    Problem.NO_EXPORT,
                    file=self._export,
                    chat="Mattermost",
                )
            if self._zip.size(name) > _MOST_LINES:
                raise BadArchive(
                    f"{name} has more than {_MOST_LINES} bytes",
                    Problem.TOO_LARGE,
                    file=name,
                    most=_MOST_LINES,
                )
            copy = self._maker.writer.directory / ".lines"
            try:
                with copy.open("xb") as out:
                    copy.chmod(0o600)
                    out.writelines(self._zip.pieces(name))
                with copy.open("rb") as lines:
                    self._make(lines)
            finally:
                copy.unlink(missing_ok=True)

    def _make(self, lines: BinaryIO) -> None:
        self._read(lines)
        if not self._teams and not self._ids:
            raise BadArchive(
                f"{self._export} has neither teams nor people: it is no export of Mattermost",
                Problem.NO_EXPORT,
                file=self._export,
                chat="Mattermost",
            )
        roots: dict[int, int] = {}  # the seqs of posts with replies, by their offsets
        order = sorted(range(len(self._times)), key=self._times.__getitem__)
        kept = -1, _Post(user="", create_at=0)
        for done, nth in enumerate(order, 1):
            offset, reply = self._offsets[nth], self._nths[nth]
            if kept[0] != offset:
                lines.seek(offset)
                line = _as_line(lines.readline(_LONGEST_LINE))
                post = line.post or line.direct_post
                assert post is not None
                kept = offset, post
            post = kept[1]
            said = post if reply < 0 else (post.replies or [])[reply]
            seq = self._say(
                self._place(post), said, self._times[nth], None if reply < 0 else roots.get(offset)
            )
            if reply < 0 and post.replies and seq is not None:
                roots[offset] = seq
            if done % 10_000 == 0:
                self._progress(done, len(order))
        self._maker.finish(f"mattermost {','.join(sorted(self._teams))}"[:200])

    def _read(self, lines: BinaryIO) -> None:
        """Read people and channels, and where messages are."""
        offset, number, memberships = 0, 0, list[tuple[str, _User]]()
        while raw := lines.readline(_LONGEST_LINE + 1):
            number += 1
            if len(raw) > _LONGEST_LINE:
                raise BadArchive(
                    f"line {number} of the export is longer than {_LONGEST_LINE} bytes",
                    Problem.LONG_LINE,
                    file=self._export,
                    line=number,
                    most=_LONGEST_LINE,
                )
            try:
                line = _as_line(raw)
                self._take(line, offset, memberships)
            except (msgspec.MsgspecError, UnicodeError, RecursionError):
                self._maker.lost[UNREADABLE] += bool(raw.strip())
            offset += len(raw)
        for username, user in memberships:
            for team in user.teams or ():
                for channel in team.channels or ():
                    place = self._places.get((team.name, channel.name))
                    if place is not None:
                        is_admin = "channel_admin" in (channel.roles or "").split()
                        created = self._maker.rooms[place].created
                        self._maker.join(place, self._ids[username], created, is_owner=is_admin)

    def _take(self, line: _Line, offset: int, memberships: list[tuple[str, _User]]) -> None:
        if line.type == "user":
            user = msgspec.json.decode(line.user, type=_User)
            self._add_person(user)
            memberships.append((user.username, user))
        elif line.type == "bot":
            bot = msgspec.json.decode(line.bot, type=_Bot)
            self._add_person(_User(username=bot.username, nickname=bot.display_name, delete_at=1))
        elif line.type == "channel":
            self._add_channel(msgspec.json.decode(line.channel, type=_Channel))
        elif line.type == "direct_channel":
            direct = msgspec.json.decode(line.direct_channel, type=_Direct)
            members = direct.members or [each.username for each in direct.participants or ()]
            self._add_direct(members)
        post = line.post if line.type == "post" else line.direct_post if line.type == "direct_post" else None
        if post is not None:
            if line.type == "direct_post" and post.channel_members:
                self._add_direct(post.channel_members)
            for nth, said in enumerate([post, *(post.replies or ())], -1):
                at = said.create_at * 1000
                if not _EARLIEST <= at <= self._latest:
                    self._maker.lost[DATES] += 1
                    continue
                self._times.append(at)
                self._offsets.append(offset)
                self._nths.append(nth)

    def _add_person(self, user: _User) -> None:
        if user.username in self._ids or not user.username:
            return
        person_id = self._ids[user.username] = len(self._ids) + 1
        whole = " ".join(filter(None, (user.first_name, user.last_name)))
        display = (user.nickname or whole).replace("\0", "").strip()[:64]
        self._maker.people[person_id] = Person(
            id=person_id,
            key=user.username[:200],
            name=user.username.replace("\0", "")[:64],
            display_name=display if display and display != user.username else None,
            email=None if user.email is None or len(user.email) > 254 else user.email,
            created=_EARLIEST,
            disabled=_EARLIEST if user.delete_at else None,
        )

    def _add_channel(self, channel: _Channel) -> None:
        self._teams.add(channel.team)
        if (channel.team, channel.name) in self._places:
            return
        room = Room(
            id=len(self._maker.rooms) + 2,
            key=f"{channel.team}/{channel.name}"[:200],
            kind="room",
            name=(channel.display_name or channel.name).replace("\0", "")[:64] or "channel",
            topic=topic_of(channel.header or channel.purpose or ""),
            is_private=channel.type == "P",
            created=_EARLIEST,
            archived=channel.deleted_at * 1000 if channel.deleted_at and channel.deleted_at > 0 else None,
        )
        self._maker.rooms[room.id] = room
        self._places[channel.team, channel.name] = room.id

    def _add_direct(self, members: Sequence[str]) -> None:
        key = ("", *sorted(set(members)))
        people = [self._ids[each] for each in key[1:] if each in self._ids]
        if key in self._places or not people or len(people) < len(key) - 1:
            return
        room = Room(
            id=len(self._maker.rooms) + 2,
            key=hashlib.sha256("\0".join(key).encode()).hexdigest()[:32],
            kind="direct" if len(people) < 3 else "room",
            is_private=len(people) > 2,
            is_group=len(people) > 2,
            people=people if len(people) > 1 else people * 2,
            created=_EARLIEST,
        )
        self._maker.rooms[room.id] = room
        self._places[key] = room.id
        for person in people:
            self._maker.join(room.id, person, room.created)

    def _place(self, post: _Post) -> int | None:
        if post.channel_members:
            return self._places.get(("", *sorted(set(post.channel_members))))
        return self._places.get((post.team or "", post.channel or ""))

    def _say(self, room: int | None, said: _Reply, at: int, reply: int | None) -> int | None:
        author = self._ids.get(said.user)
        if room is None or author is None:
            self._maker.lost[NO_CHANNEL] += 1
            return None
        if said.type in _JOINED:
            return self._maker.say(Said(room=room, by=author, at=at, text="", is_joining=True))
        if said.type and said.type.startswith("system_"):
            self._maker.lost[NOTICES] += 1
            return None
        text, mentions = self._text(said.message or "")
        files, names = self._files(said.attachments or ())
        reactions: dict[str, list[int]] = {}
        for each in said.reactions or ():
            person = self._ids.get(each.user)
            people = reactions.setdefault(emoji_of(each.emoji_name)[:64], [])
            if person is not None and person not in people:
                people.append(person)
        edited = said.edit_at * 1000 if said.edit_at else None
        return self._maker.say(
            Said(
                room=room,
                by=author,
                at=at,
                text="\n".join(filter(None, (text, *names))),
                reply=reply,
                mentions=mentions,
                files=files,
                reactions={emoji: people for emoji, people in reactions.items() if people},
                edited=edited if edited is not None and at <= edited <= self._latest else None,
                pin=Pin(by=author, at=at, pos=0) if said.is_pinned else None,
            )
        )

    def _text(self, text: str) -> tuple[str, list[int]]:
        """Return a text with emoji, and whom it mentions; the markup is the same as here."""
        pieces: list[str] = []
        mentions: list[int] = []
        end = 0
        for code in [*_CODE.finditer(text), None]:
            plain = text[end : len(text) if code is None else code.start()]
            for found in _MENTION.finditer(plain):
                name = found[1].lower().rstrip(".-_")
                if name in _EVERYBODY:
                    mentions.append(0)
                elif name in self._ids:
                    mentions.append(self._ids[name])
            pieces.append(_EMOJI.sub(lambda match: emoji_of(match[1]), plain))
            if code is not None:
                pieces.append(code[0])
                end = code.end()
        return "".join(pieces), mentions

    def _files(self, attachments: Sequence[_Attachment]) -> tuple[list[File], list[str]]:
        """Return the files that the export has, and the names of the others."""
        files: list[File] = []
        names: list[str] = []
        for each in attachments:
            path = (each.path or "").replace("\\", "/").lstrip("/")
            name = clean_file_name(path.rpartition("/")[2] or "file")
            entry = next(
                (place for place in (f"data/{path}", path) if self._zip and place in self._zip), None
            )
            if self._zip is None or entry is None or len(files) == 10:
                self._maker.lost[NOT_INSIDE] += 1
                names.append(name)
                continue
            kept = self._maker.keep_file(name, type_by(name), partial(self._zip.pieces, entry))
            files += [kept] if kept is not None else []
        return files, names
