"""Makes the archive of a Slack export. It blocks.

The export has `users.json`, lists of conversations (`channels.json`, `groups.json`, `mpims.json`, `dms.json`), and for
each conversation a folder with a file for each day, a list of messages. Days are read one after the other over all
conversations, so that messages come in the order of time, and memory holds one day.

Source: Slack's pages "How to read Slack data exports" and "Message event".
"""

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from chat.archive.directory import BadArchive
from chat.archive.format import File, Person, Pin, Room
from chat.archive.problems import Problem
from chat.domain.messages.files import clean_file_name
from chat.imports.emoji_names import emoji_of
from chat.imports.slack.files import Wanted
from chat.imports.slack.text import References, convert
from chat.imports.writing import ArchiveMaker, Said, topic_of
from chat.imports.zip_reading import ZipReader

NOTICES = "notices of Slack, as of topics, pins and people who left"
UNREADABLE = "messages that are not as Slack writes them"
DATES = "messages with an impossible time"
NOT_INSIDE = "files that the export only links to: the message has the link"
CANVASES = "canvases, lists and other documents of Slack: the message has the link"
ROOTLESS = "answers to messages that are not in the export: they are no answers"

_MOST_LIST = 256 * 2**20
_MOST_DAY = 256 * 2**20
_MOST_DAYS = 512 * 2**20
"""Bytes of a list, of a file of a day, and of all files of one day."""

_PIECE = 1 << 18
_EARLIEST = 1_000_000_000_000_000
_DAY = re.compile(r"(.+)/(\d{4}-\d\d-\d\d)\.json")
_TS = re.compile(r"(\d{1,11})(?:\.(\d{1,6}))?")
_SAID = frozenset(
    {"", "thread_broadcast", "reply_broadcast", "file_share", "me_message", "bot_message", "file_comment"}
)
_JOINED = frozenset({"channel_join", "group_join"})

T = TypeVar("T")


class _Lenient(msgspec.Struct):
    """What is not named here is not read."""


class _Profile(_Lenient):
    email: str | None = None
    real_name: str | None = None
    display_name: str | None = None


class _User(_Lenient):
    id: str
    name: str = ""
    team_id: str | None = None
    deleted: bool = False
    is_bot: bool = False
    real_name: str | None = None
    updated: int | str | None = None
    profile: _Profile | None = None


class _Value(_Lenient):
    value: str = ""


class _Pinned(_Lenient):
    id: str | None = None
    type: str | None = None
    user: str | None = None
    created: int | None = None


class _Channel(_Lenient):
    id: str
    name: str | None = None
    created: int | str = 0
    creator: str | None = None
    is_archived: bool = False
    members: list[str] = []
    topic: _Value | None = None
    purpose: _Value | None = None
    pins: list[_Pinned] = []


class _Edit(_Lenient):
    ts: str = ""


class _Reaction(_Lenient):
    name: str
    users: list[str] = []


class _File(_Lenient):
    id: str
    name: str | None = None
    title: str | None = None
    mimetype: str | None = None
    mode: str | None = None
    permalink: str | None = None
    size: int | None = None
    url_private: str | None = None
    url_private_download: str | None = None


class _Attachment(_Lenient):
    fallback: str | None = None
    text: str | None = None
    title: str | None = None
    title_link: str | None = None
    from_url: str | None = None


class _Message(_Lenient):
    ts: str
    type: str = "message"
    subtype: str = ""
    user: str | None = None
    bot_id: str | None = None
    username: str | None = None
    text: str | None = None
    thread_ts: str | None = None
    edited: _Edit | None = None
    reactions: list[_Reaction] = []
    files: list[_File | None] | None = None
    attachments: list[_Attachment] | None = None
    user_profile: _Profile | None = None
    reply_count: int = 0


_as_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_as_user = msgspec.json.Decoder(_User).decode
_as_channel = msgspec.json.Decoder(_Channel).decode
_as_message = msgspec.json.Decoder(_Message).decode


class _Place(NamedTuple):
    """A conversation: its id in the archive, and its pinned messages: by whom and when, by the message's ts."""

    id: int
    pins: dict[str, tuple[str, int]]


class SlackExport:
    """One conversion.

    Args:
        export: the zip file.
        directory: where the archive is made.
        progress: called with the number of days that are read, and of all.
        fetch: returns where a file is that the export only links to; None: it could not be had.
    """

    def __init__(
        self,
        export: Path,
        directory: Path,
        progress: Callable[[int, int], object] = lambda _done, _all: None,
        fetch: Callable[[Wanted], Path | None] = lambda _wanted: None,
    ) -> None:
        self._export = export
        self._maker = ArchiveMaker(directory)
        self._progress = progress
        self._fetch = fetch
        self._ids: dict[str, int] = {}
        self._names: dict[str, str] = {}
        self._channel_names: dict[str, str] = {}
        self._places: dict[str, _Place] = {}
        self._roots: dict[tuple[int, int], int] = {}
        self._teams: list[str] = []
        self._latest = int((time.time() + 86_400) * 1_000_000)
        self._uploads: dict[str, str] = {}

    @property
    def lost(self) -> dict[str, int]:
        """What is left out, and how often."""
        return dict(self._maker.lost)

    def make(self) -> None:
        """Make the archive. Raises BadArchive and OSError."""
        with ZipReader(self._export) as self._zip:
            self._read_people()
            self._read_rooms()
            self._read_days()
            team = max(self._teams, key=self._teams.count, default=None)
            rooms = hashlib.sha256(
                "".join(sorted(room.key or "" for room in self._maker.rooms.values())).encode()
            )
            self._maker.finish(f"slack {team or rooms.hexdigest()[:16]}")

    # --- people ---

    def _read_people(self) -> None:
        name = next((each for each in ("users.json", "org_users.json") if each in self._zip), None)
        if name is None:
            raise BadArchive(
                f"{self._export} has no users.json: it is no export of Slack",
                Problem.NO_EXPORT,
                file=self._export,
                chat="Slack",
            )
        for user in self._list(name, _as_user):
            profile = user.profile or _Profile()
            if user.team_id:
                self._teams.append(user.team_id)
            display = profile.display_name or profile.real_name or user.real_name
            self._add_person(
                user.id,
                user.name or display or user.id,
                display,
                email=profile.email,
                is_off=user.deleted or user.is_bot,
            )

    def _add_person(
        self,
        key: str,
        name: str,
        display: str | None = None,
        *,
        email: str | None = None,
        is_off: bool = False,
    ) -> int:
        if key in self._ids:
            return self._ids[key]
        person_id = self._ids[key] = len(self._ids) + 1
        name = name.replace("\0", "").strip()[:64] or key[:64]
        display = None if display is None else display.replace("\0", "").strip()[:64]
        self._names[key] = name
        self._maker.people[person_id] = Person(
            id=person_id,
            key=key[:200],
            name=name,
            display_name=display if display and display != name else None,
            email=None if email is None or len(email) > 254 else email,
            created=_EARLIEST,
            disabled=_EARLIEST if is_off else None,
        )
        return person_id

    def _author(self, message: _Message) -> int:
        """Return who said it; somebody whom `users.json` does not have is added."""
        profile = message.user_profile or _Profile()
        if message.user:
            name = profile.display_name or profile.real_name or message.username or message.user
            return self._add_person(message.user, name, is_off=True)
        key = message.bot_id or message.username or "USLACKBOT"
        return self._add_person(key, message.username or key, is_off=True)

    def _people(self, keys: list[str]) -> list[int]:
        return [self._ids[key] for key in dict.fromkeys(keys) if key in self._ids]

    # --- rooms ---

    def _read_rooms(self) -> None:
        for name, is_private in (("channels.json", False), ("groups.json", True)):
            for channel in self._list(name, _as_channel):
                self._add_room(channel, channel.name or channel.id, is_private=is_private)
        for channel in self._list("mpims.json", _as_channel):
            self._add_room(channel, channel.name or channel.id, is_private=True, is_group=True)
        for channel in self._list("dms.json", _as_channel):
            self._add_direct(channel)

    def _add_room(self, channel: _Channel, folder: str, *, is_private: bool, is_group: bool = False) -> None:
        about = channel.topic.value if channel.topic else ""
        about = about or (channel.purpose.value if channel.purpose else "")
        people = self._people(channel.members)
        room = Room(
            id=len(self._maker.rooms) + 2,
            key=channel.id[:200],
            kind="room",
            name=None if is_group else (channel.name or channel.id).replace("\0", "")[:64],
            topic="" if is_group else topic_of(about),
            creator=self._ids.get(channel.creator or "") if not is_group else None,
            is_private=is_private,
            is_group=is_group,
            people=people if is_group else [],
            created=_created(channel),
            archived=_created(channel) if channel.is_archived else None,
        )
        self._keep_room(room, channel, folder, people)
        self._channel_names[channel.id] = channel.name or channel.id

    def _add_direct(self, channel: _Channel) -> None:
        people = self._people(channel.members)
        if not 1 <= len(people) <= 2:
            return  # of people whom the export does not have: its messages are counted as of no room
        room = Room(
            id=len(self._maker.rooms) + 2,
            key=channel.id[:200],
            kind="direct",
            people=[people[0], people[-1]],
            created=_created(channel),
        )
        self._keep_room(room, channel, channel.id, people)

    def _keep_room(self, room: Room, channel: _Channel, folder: str, people: list[int]) -> None:
        self._maker.rooms[room.id] = room
        pins = {each.id: (each.user or "", each.created or 0) for each in channel.pins if each.id is not None}
        self._places[folder] = _Place(room.id, pins)
        for person in people:
            self._maker.join(room.id, person, room.created, is_owner=person == room.creator)

    # --- messages ---

    def _read_days(self) -> None:
        days: dict[str, list[tuple[str, _Place]]] = {}
        for name in self._zip.names:
            found = _DAY.fullmatch(name)
            place = self._places.get(found[1]) if found else None
            if found is not None and place is not None:
                days.setdefault(found[2], []).append((name, place))
            elif found is None and not name.endswith(".json"):
                parts = name.split("/")
                # `__uploads/ID/name`, or `room/attachments/ID-name`, as programs add files that they fetched.
                if len(parts) >= 3 and parts[-3] == "__uploads":
                    self._uploads[parts[-2]] = name
                elif len(parts) >= 2 and parts[-2] == "attachments":
                    self._uploads[parts[-1].partition("-")[0]] = name
        for nth, day in enumerate(sorted(days), 1):
            self._progress(nth, len(days))
            self._read_day(days[day])

    def _read_day(self, files: list[tuple[str, _Place]]) -> None:
        if sum(self._zip.size(name) for name, _ in files) > _MOST_DAYS:
            raise BadArchive(
                f"the files of one day, as {files[0][0]}, have more than {_MOST_DAYS} bytes",
                Problem.TOO_LARGE,
                file=files[0][0],
                most=_MOST_DAYS,
            )
        said: list[tuple[int, int, _Place, _Message]] = []
        for name, place in sorted(files):
            for message in self._list(name, _as_message, _MOST_DAY):
                at = _time(message.ts)
                if at is None or not _EARLIEST <= at <= self._latest:
                    self._maker.lost[DATES] += 1
                elif message.type == "message":
                    said.append((at, len(said), place, message))
        said.sort(key=lambda each: each[:2])
        for at, _, place, message in said:
            self._say(at, place, message)

    def _say(self, at: int, place: _Place, message: _Message) -> None:
        if message.subtype in _JOINED:
            author = self._author(message)
            self._maker.say(Said(room=place.id, by=author, at=at, text="", is_joining=True))
            return
        if message.subtype not in _SAID:
            self._maker.lost[NOTICES] += 1
            return
        author = self._author(message)
        references = References(self._names.get, self._channel_names.get)
        files, links = self._files(message)
        texts = [convert(message.text or "", references), *self._attached(message, references), *links]
        text = "\n".join(filter(None, texts))
        if message.subtype == "me_message":
            text = f"_{text.strip()}_"
        root = None if message.thread_ts is None else _time(message.thread_ts)
        reply = None
        if root is not None and root != at:
            reply = self._roots.get((place.id, root))
            if reply is None:
                self._maker.lost[ROOTLESS] += 1
        reactions: dict[str, list[int]] = {}
        for each in message.reactions:
            people = reactions.setdefault(emoji_of(each.name)[:64], [])
            people += [person for person in self._people(each.users) if person not in people]
        edited = None if message.edited is None else _time(message.edited.ts)
        by, pinned_at = place.pins.get(message.ts, ("", 0))
        seq = self._maker.say(
            Said(
                room=place.id,
                by=author,
                at=at,
                text=text,
                reply=reply,
                mentions=[*self._people(references.people), *([0] if references.has_all else [])],
                files=files,
                reactions={emoji: people for emoji, people in reactions.items() if people},
                edited=edited if edited is not None and at <= edited <= self._latest else None,
                pin=Pin(by=self._ids.get(by, author), at=max(at, pinned_at * 1_000_000), pos=0)
                if message.ts in place.pins
                else None,
            )
        )
        if seq is not None and (root == at or message.reply_count):
            self._roots[place.id, at] = seq

    def _attached(self, message: _Message, references: References) -> Iterator[str]:
        """Yield the texts of what programs attach; of a link's preview nothing, since the text has the link."""
        for each in message.attachments or ():
            if each.from_url:
                continue
            said = each.text or each.fallback or ""
            title = f"<{each.title_link}|{each.title}>" if each.title_link and each.title else each.title
            yield "\n".join(convert(text, references) for text in (title, said) if text)

    def _files(self, message: _Message) -> tuple[list[File], list[str]]:
        """Return the files that the export has, and links to the others."""
        files: list[File] = []
        links: list[str] = []
        for file in message.files or ():
            if file is None or file.mode in ("tombstone", "hidden_by_limit"):
                continue
            name = clean_file_name(file.name or file.title or file.id)
            is_document = (file.mimetype or "").startswith("application/vnd.slack-")
            kept = None if is_document or len(files) == 10 else self._keep_file(file, name)
            if kept is not None:
                files.append(kept)
                continue
            self._maker.lost[CANVASES if is_document else NOT_INSIDE] += 1
            link = file.permalink or ""
            label = name.replace("[", "(").replace("]", ")")
            links.append(f"[{label}]({link})" if link.startswith("https://") and " " not in link else name)
        return files, links

    def _keep_file(self, file: _File, name: str) -> File | None:
        entry = self._uploads.get(file.id)
        pieces: Callable[[], Iterator[bytes]]
        if entry is not None:
            pieces = partial(self._zip.pieces, entry)
        else:
            url, media_type = file.url_private_download or file.url_private or "", file.mimetype or ""
            path = self._fetch(Wanted(file.id, url, file.size, media_type))
            if path is None:
                return None
            pieces = partial(_pieces, path)
        return self._maker.keep_file(name, file.mimetype or "", pieces)

    def _list(self, name: str, decode: Callable[[msgspec.Raw], T], most: int = _MOST_LIST) -> Iterator[T]:
        """Yield what a file lists; of one that is not there, nothing. What can't be read is counted."""
        if name not in self._zip:
            return
        try:
            each = _as_list(self._zip.read(name, most))
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise BadArchive(f"{name}: {error}", Problem.BAD_FILE, file=name, error=error) from error
        for raw in each:
            try:
                yield decode(raw)
            except (msgspec.MsgspecError, UnicodeError, RecursionError):
                self._maker.lost[UNREADABLE] += 1


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _time(ts: str) -> int | None:
    """Return the microseconds of a ts like 1434139102.000002; None: it is none."""
    found = _TS.fullmatch(ts)
    return None if found is None else int(found[1]) * 1_000_000 + int((found[2] or "0").ljust(6, "0"))


def _created(channel: _Channel) -> int:
    created: Any = channel.created
    seconds = int(created) if isinstance(created, int) or (created.isdecimal() and len(created) < 12) else 0
    return min(max(seconds, _EARLIEST // 1_000_000), 4_000_000_000) * 1_000_000
