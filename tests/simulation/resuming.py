"""Clients of the native protocol: they keep their rooms and unanswered requests over any number of connections.

Half of them ask for small pages, so that they are far behind after each absence, and fall behind while connected.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import trio

from chat.domain.entities import LOBBY_ID, RoomKind
from tests.reference.storage import MemoryStorage
from tests.simulation.clients import EXPECTED, Client, Surroundings
from tests.simulation.plan import Guest, Step
from tests.simulation.wire import Over

_AGAIN = 2.0
"""Seconds after which what has no answer is sent again."""

_NEXT_PAGE = 0.1
"""Seconds for which a client works on a page."""

_FALLS_BEHIND = 5
"""A client of pages forgets where it is, as if it had dropped events, as often as it has said so many things."""

_CHANGES = ("message", "edited", "deleted", "reacted", "member", "changed", "support", "trimmed")

_LIMIT = 20
"""Messages of a page of history."""

_ROLES = ("member", "moderator", "owner")


class ResumingClient(Client):
    """Detects events that arrive twice, too late or not at all: `world.bugs` has them."""

    spoken_in = 0
    """The room in which these clients speak: the world makes it, and nobody else speaks there."""

    def __init__(self, world: Surroundings, guest: Guest) -> None:
        super().__init__(world, guest)
        self.rooms: dict[int, tuple[int, int]] = {}
        """Where it is in each of its rooms: `pos` and `at`."""
        self.topics: dict[int, str] = {}
        """The topics of its rooms, as last received."""
        self.roles: dict[int, str] = {}
        """Its roles in its rooms, as last received."""
        # Changes that it asks for at once, in all rooms; None: whatever there is.
        self._page = 20 + 10 * (guest.number % 4) if guest.number % 2 else None
        self._far: set[int] = set()  # rooms of which there is more, so that nothing of them may come live
        self._spoken = 0
        self._is_paging = False  # whether a page is asked for and not told
        self._dropping: set[int] = set()  # rooms of which it drops what comes before it is told again
        self._before: dict[int, tuple[int, int]] = {}  # where it was in its rooms a while ago
        self._conversations: set[int] = set()  # of others, which an operator has
        self.saved: dict[str, int] = {}
        """The seq of each key that was answered."""
        self._outbox: dict[str, str] = {}  # key to text, in the order said
        self._attached: dict[str, int] = {}  # key to the file that goes with it
        self._told_files: dict[int, str] = {}  # what must be in each file that it was told of
        self._asked: dict[int, str] = {}  # by id: the key, or the request's type
        self._numbers = 0
        # Where retention removes: what it missed of its own room, and the messages that it learned are removed.
        self._away = 0.0  # seconds for which it does not come back
        self._gaps: set[int] = set()  # rooms of which changes were removed before it received them
        self._begun: int | None = None  # the newest message when it came into its room
        self._received: set[int] = set()  # the seqs of messages that it has received since
        self._synced_from: dict[int, int] = {}  # by room: the position of its last request
        self._removed = 0  # up to which message it learned that they are removed
        self._unread: tuple[int, int] | None = (
            None  # after which message it reads on in history, and up to which one
        )

    async def _connect(self) -> None:
        await trio.sleep(self._away)
        self._away = 0.0
        await super()._connect()

    def begin(self) -> None:
        self._asked.clear()  # the answers to those never come
        self._far.clear()
        self._dropping.clear()
        self._gaps.clear()
        self._is_paging = False

    async def introduce(self) -> None:
        await self._ask("hello", token=self._token)
        await self._sync(set(self.rooms), rest=True)

    async def settle_in(self) -> None:
        """Send what has no answer, in the order said, for as long as there is a connection."""
        while True:
            if self.ready:
                await self._send_all()
            await trio.sleep(_AGAIN)
            if self._gaps and self.ready and not self._is_paging:
                self._dropping |= self._gaps
                await self._sync(self._gaps & self.rooms.keys(), rest=False)
                self._gaps.clear()
            if self._unread is not None and self.ready:
                with suppress(*EXPECTED):
                    await self._read_on(*self._unread)
            while self._far:
                if not self._is_paging:
                    await self._sync(set(self._far), rest=False)
                await trio.sleep(_NEXT_PAGE)

    async def _sync(self, rooms: set[int], *, rest: bool) -> None:
        known = [
            {"room": room, "pos": self.rooms[room][0], "at": self.rooms[room][1]} for room in sorted(rooms)
        ]
        self._synced_from |= {each["room"]: each["pos"] for each in known}
        self._far -= rooms
        self._is_paging = True
        pages = {} if self._page is None else {"far": "page", "limit": self._page}
        await self._ask("sync", known=known, rest=rest, **pages)

    async def _read_on(self, after: int, up_to: int) -> None:
        """Read what was said in its room since it was there, as far as that is not removed."""
        while after < up_to:
            path = f"/api/v1/rooms/{self.spoken_in}/messages?after={after}&limit={_LIMIT}"
            status, page = await self.request("GET", path)
            if status != 200:
                return  # it tries again
            seqs = [message["seq"] for message in page["messages"]]
            self._received.update(seqs)
            after = max(seqs, default=up_to)
        self._unread = None

    async def _fall_behind(self) -> None:
        """Drop recent events, and request them again from the earlier positions."""
        known = {room: at for room, at in self._before.items() if room in self.rooms}
        self._before = dict(self.rooms)
        self.rooms |= known
        self._dropping = set(known)
        await self._sync(set(known), rest=False)

    def hear(self, raw: str) -> None:
        frame = json.loads(raw)
        if frame["type"] == "error":
            self._refused(frame)
        elif frame["type"] == "send_ok":
            self._saved(self._asked.pop(frame["id"]), frame["seq"])
        elif frame["type"] == "sync_ok":
            self._asked.pop(frame["id"])
            self.ready, self._is_paging = True, False
            self._dropping.clear()
        elif frame["type"] == "more":
            self._note_more(frame)
        elif frame["type"] == "room":
            self._enter(frame)
        elif frame["type"] == "gone":
            self.rooms.pop(frame["room"], None)
            self._far.discard(frame["room"])
            self._conversations.discard(frame["room"])
        elif frame["type"] in _CHANGES:
            self._change(frame)

    def phrase(self, text: str) -> bytes:
        return b'{"type": "ping", "id": 0}'

    async def say(self, step: Step, size: int = 0) -> None:
        text = self.text(size)
        self._spoken += 1
        if (
            self._page is not None
            and self._spoken % _FALLS_BEHIND == 0
            and self.ready
            and not self._is_paging
        ):
            await self._fall_behind()
        self._outbox[text.rstrip(".")] = text
        await self._send(text.rstrip("."), text)

    async def act(self, step: Step) -> None:
        room = f"/api/v1/rooms/{self.spoken_in}"
        match step.what:
            case "say twice":
                await self.say(step)
                await self._send_all()
            case "change the room":  # which only some may, and not in every weather
                await self.request("PATCH", room, {"topic": self.text()})
            case "give a role":
                role = self.world.chance.choice(_ROLES)
                await self.request("PUT", f"{room}/members/{step.b}", {"role": role})
            case "attach":
                await self._attach()
            case "fetch" if self._told_files:
                await self._fetch(sorted(self._told_files)[step.a % len(self._told_files)])
            case "claim" | "close" if self._conversations:
                await self._change_conversation(step)
            case "be away" if self._link is not None:
                self._away = float(step.a)
                self._link.reset()

    async def _attach(self) -> None:
        """Say something with a file, in which it is said too."""
        text = self.text()
        path = f"/api/v1/rooms/{self.spoken_in}/files?name={text}.json"
        status, file = await self.request("POST", path, {"said": text})
        if status == 201:
            self._outbox[text], self._attached[text] = text, file["id"]
            if self.ready:  # else with the rest, on the next connection
                await self._send(text, text)

    async def _fetch(self, file: int) -> None:
        """Read a file of a received message that nobody deletes."""
        status, content = await self.request("GET", f"/api/v1/files/{file}")
        if status == 200 and content != {"said": self._told_files[file]}:
            self.world.bugs.append(f"{self.conn} read {content} where {self._told_files[file]} was uploaded")
        if status not in (200, 503):
            self.world.bugs.append(f"{self.conn} was refused a file of its room with {status}: {content}")

    async def _change_conversation(self, step: Step) -> None:
        room = sorted(self._conversations)[step.a % len(self._conversations)]
        change = {"state": "closed"} if step.what == "close" else {"assignee": self.person, "was": None}
        status, answer = await self.request("PATCH", f"/api/v1/support/{room}", change)
        if status not in (200, 409, 429, 503):
            self.world.bugs.append(f"{self.conn} was refused to {step.what}: {answer}")

    def left(self, kept: MemoryStorage) -> Iterator[str]:
        """Yield what is wrong in the end, when everything is quiet: what is stored, and how far this client is."""
        who = f"{self.guest.number}, {self.person},"
        for key in self._outbox:
            yield f"{who} never heard what became of {key}"
        said = kept.messages._said(self.spoken_in)
        stored = {message.seq: message.text.rstrip(".") for message in said}
        files = {file.id: message.text for message in said for file in message.files}
        first = kept.rooms.first_seqs.get(self.spoken_in, 1)
        expired = {message.seq for message in said if kept.messages.is_deleted(message)}
        for key, seq in self.saved.items():
            if seq >= first and seq not in expired and stored.get(seq) != key:
                yield f"{who} was told that {key} is {seq}, which is {stored.get(seq)}"
        for key in self._attached.keys() & self.saved.keys():
            if files.get(self._attached[key]) != key:
                yield f"{who} was told that {key} is saved, and its file is in {files.get(self._attached[key])}"
            if json.dumps({"said": key}).encode() not in self.world.files.kept.values():
                yield f"{who} attached a file to {key}, which is not there"
        if len(set(stored.values())) < len(stored):
            yield "a key is stored twice"
        if not self.ready:
            return
        if self._far:
            yield f"{who} still asks for more of {self._far}"
        if self.spoken_in in self.rooms and self._removed != first - 1:
            yield f"{who} learned that {self._removed} messages of its room are removed, and {first - 1} are"
        if self._begun is not None and self.spoken_in in self.rooms:
            owed = range(max(self._begun, self._removed) + 1, max(stored, default=0) + 1)
            if missed := [seq for seq in owed if seq not in self._received]:
                yield f"{who} never received {missed} of its room, nor learned that they are removed"
        ends = {
            room.id: max((entry.pos for entry in kept.messages.log_of(room.id)), default=0)
            for room in kept.rooms.all()
            if room.kind not in (RoomKind.SUPPORT, RoomKind.DIRECT) or room.last_seq
        }
        for room in self._own_rooms(kept) & ends.keys() if self.rooms else ():
            if room == self.spoken_in and self.rooms:
                yield from self._differs(kept)
            if self.rooms.get(room, (-1, 0))[0] != ends[room]:
                yield f"{who} is at {self.rooms.get(room)} in {room}, which ends at {ends[room]}"

    def _own_rooms(self, kept: MemoryStorage) -> set[int]:
        """Return the rooms that this client must have in the end."""
        mine = {LOBBY_ID, self.spoken_in} | {
            room for room, person in kept.rooms.memberships() if person == self.person
        }
        if self.person in self.world.operators:
            support = kept.rooms.support_of_all().values()
            mine |= {room for room in support if not kept.rooms.support_kept(room).is_closed}
        return mine

    def _differs(self, kept: MemoryStorage) -> Iterator[str]:
        """Yield the differences between the clients' room and this client's state."""
        room = kept.rooms.look_up(self.spoken_in)
        role = kept.rooms.role_of(self.spoken_in, self.person)
        if room is not None and self.topics.get(room.id) != room.topic:
            yield f"{self.person} was told that it is about {self.topics.get(room.id)}, not {room.topic}"
        if role is not None and self.roles.get(self.spoken_in) != role:
            yield f"{self.person} was told to be {self.roles.get(self.spoken_in)}, not {role}"

    def _refused(self, frame: dict[str, Any]) -> None:
        asked = self._asked.pop(frame["id"], "")
        if asked in ("hello", "sync"):
            raise Over  # the next connection may
        if frame["code"] not in ("unavailable", "outcome_unknown"):
            self.world.bugs.append(f"{self.conn} was refused {asked}: {frame}")

    def _saved(self, key: str, seq: int) -> None:
        self._outbox.pop(key, None)
        if self.saved.setdefault(key, seq) != seq:
            self.world.bugs.append(f"{self.conn} was told that {key} is {seq}, and {self.saved[key]} before")

    def _enter(self, frame: dict[str, Any]) -> None:
        room = frame["id"]
        # Events that were on their way may have moved it past the position that it asked from.
        if "reset" in frame and (
            frame["reset"] != "erased" or self.world.floor(room) <= self._synced_from[room]
        ):
            self.world.bugs.append(f"{self.conn} was reset: {frame['reset']}")
        if room == self.spoken_in:
            self._removed = max(self._removed, frame.get("first", 1) - 1)
            if "reset" in frame:
                self._unread = (
                    min(frame["after"], self._unread[0] if self._unread else frame["after"]),
                    frame["seq"],
                )
            elif self._begun is None:
                self._begun = frame["seq"]
        self._gaps.discard(room)
        if room in self._far:
            self.world.bugs.append(f"{self.conn} was told {room}, of which it asks for more")
        self.rooms[room] = frame["pos"], frame["at"]
        self.topics[room], self.roles[room] = frame.get("topic", ""), frame.get("role", "member")
        if frame["kind"] == "support" and frame["peer"]["id"] != self.person:
            self._conversations.add(frame["id"])

    def _note_more(self, frame: dict[str, Any]) -> None:
        room, at = frame["room"], (frame["pos"], frame["at"])
        here = self.rooms.get(room, (-1, 0))
        # What was on its way when this client asked for it again may have led it further than the answer does.
        if here != at and not (room in self._dropping and here > at):
            self.world.bugs.append(f"{self.conn} is at {self.rooms.get(room)}, and was told more: {frame}")
        self._far.add(room)

    def _change(self, frame: dict[str, Any]) -> None:
        room, pos = frame["room"], frame["pos"]
        if room in self._far:
            self.world.bugs.append(f"{self.conn} was told {pos} of {room}, of which it asks for more")
        elif room not in self.rooms:
            self.world.bugs.append(f"{self.conn} was told {pos} of {room}, which it is not in")
        elif pos > self.rooms[room][0] + 1 and room in self._dropping | self._gaps:
            pass
        elif pos > self.rooms[room][0] + 1 and self.world.floor(room) > self.rooms[room][0]:
            self._gaps.add(room)
        elif pos > self.rooms[room][0] + 1:
            self.world.bugs.append(f"{self.conn} was told {pos} of {room} after {self.rooms[room][0]}")
        elif pos > self.rooms[room][0]:
            self.rooms[room] = pos, frame["at"]
            for file in frame.get("files", ()):
                self._told_files[file["id"]] = frame["text"]
            if room == self.spoken_in and frame["type"] == "message":
                self._received.add(frame["seq"])
            elif room == self.spoken_in and frame["type"] == "trimmed":
                self._removed = max(self._removed, frame["first"] - 1)
            if frame["type"] == "changed":
                self.topics[room] = frame.get("topic", "")
            elif frame["type"] == "member" and frame["person"] == self.person:
                self.roles[room] = frame.get("role", "")

    async def _send_all(self) -> None:
        for key, text in list(self._outbox.items()):
            await self._send(key, text)

    async def _send(self, key: str, text: str) -> None:
        files = {"files": [self._attached[key]]} if key in self._attached else {}
        await self._ask("send", key=key, room=self.spoken_in, text=text, **files)

    async def _ask(self, kind: str, *, key: str = "", **fields: Any) -> None:
        number = self._numbers = self._numbers + 1
        self._asked[number] = key or kind
        await self.send({"type": kind, "id": number, **({"key": key} if key else {}), **fields})
