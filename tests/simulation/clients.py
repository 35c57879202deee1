"""Clients of all dialects, which follow the plan and record what they receive.

A client that loses its connection comes back. Nothing is sent twice, so every text tells which sending it was.
"""

import json
import random
from typing import Any, Protocol, Self

import trio

from tests.simulation.files import MemoryFileStore
from tests.simulation.network import FIRST_PORT, Link, Network
from tests.simulation.plan import Guest, Step
from tests.simulation.record import UNADDRESSED, Recorder, described, direct
from tests.simulation.wire import (
    EXPECTED,
    Incoming,
    Over,
    UpgradeRejected,
    ask,
    upgrade,
)
from tests.support.frames import CLOSE, PONG, TEXT, client_frame

_PATIENCE = 20.0
"""Seconds for a handshake, a request, or a frame to get into the wire."""

_LONG = 3000
"""Characters of a long text."""


class Surroundings(Protocol):
    """What a client needs of its world."""

    network: Network
    record: Recorder
    chance: random.Random
    is_over: bool
    operators: list[int]
    bugs: list[str]
    files: MemoryFileStore

    def name(self, person: int) -> str: ...
    def token(self, person: int) -> str: ...
    def password(self, person: int) -> str: ...
    def email(self, person: int) -> str: ...
    def room(self, index: int) -> int: ...
    def inside(self, room_id: int) -> list[int]: ...
    def renamed(self, person: int, name: str) -> None: ...
    def met(self, person: int, name: str) -> None: ...
    def floor(self, room_id: int) -> int: ...
    def lobby(self) -> list[tuple[int, str]]: ...
    def position(self, person: int, client: str) -> int | None: ...


class Client:
    """One client with at most one connection at a time."""

    first_port = FIRST_PORT
    """Of the servers' ports, the first that it connects to."""

    def __init__(self, world: Surroundings, guest: Guest) -> None:
        self.world = world
        self.guest = guest
        self.person = guest.person
        self.conn = ""  # the name of the current connection in the record
        self.ready = False  # whether steps make sense: connected, and authenticated if ever
        self._link: Link | None = None
        self._weather = guest.weather
        self._token: str | None = None
        self._connections = 0
        self._texts = 0
        self._reads_on = trio.Event()
        self._reads_on.set()
        self._sending = trio.Lock()

    def authorised(self, token: str) -> Self:
        """Let this client have a token though it never connected."""
        self._token = token
        return self

    # Living.

    async def live(self) -> None:
        """Connect, and connect again, until the world is over."""
        await trio.sleep_until(self.guest.arrives)
        while not self.world.is_over:
            try:
                await self._connect()
            except* EXPECTED:
                pass
            except* Exception as errors:
                self.world.bugs.append(f"{self.conn} was told: {described(errors)}")
            await trio.sleep(self.world.chance.choice((0.0, 0.1, 1.0, 3.0)))

    async def _connect(self) -> None:
        with trio.fail_after(_PATIENCE):
            if self.person and self._token is None:
                self._token = await self._log_in() if self.guest.logs_in else self.world.token(self.person)
            link = await self.world.network.dial(
                f"10.0.0.{self.guest.number}",
                self._weather,
                server=self.guest.server,
                first_port=self.first_port,
            )
        try:
            await self._converse(link)
        finally:
            self.ready = False
            self._link = None
            self._reads_on.set()
            link.socket.close()

    async def _converse(self, link: Link) -> None:
        # At / a support client is one once its first frame has told.
        late = (self.guest.late_auth and self.guest.dialect not in ("rooms", "direct")) or (
            self.guest.dialect == "support" and self.guest.door == "/"
        )
        token = None if late else self._token
        incoming, begun = Incoming(link), len(self.world.record.events)
        try:
            with trio.fail_after(_PATIENCE):
                await link.send_all(upgrade(self.guest.door, token, self.world.chance))
                status, _ = await incoming.head()
        except EXPECTED:
            # The server may have let it in, and told it what it never heard.
            self.world.record.note("lost", who=self.person, note=self.guest.dialect)
            raise
        if status != 101:
            raise UpgradeRejected(status)
        self._connections += 1
        self.conn = f"{self.guest.number}.{self._connections}"
        self._note("open", id=begun, note=self.guest.dialect)
        self._link = link
        self.begin()
        end = "0"
        try:
            async with trio.open_nursery() as nursery:
                if token is None:
                    nursery.start_soon(self.introduce)
                nursery.start_soon(self._give_up, incoming)
                nursery.start_soon(self.settle_in)
                await self._read(incoming)
        except* Over as over:
            end = str(next(iter(over.exceptions)).code)  # type: ignore[union-attr]
            raise
        finally:
            self._note("end", note=end)

    async def _give_up(self, incoming: Incoming) -> None:
        """Try again on another connection where the server could not take this one."""
        received = -1
        while not self.ready:
            if incoming.received == received:
                raise Over
            received = incoming.received
            await trio.sleep(_PATIENCE)

    async def _read(self, incoming: Incoming) -> None:
        while True:
            await self._reads_on.wait()
            opcode, payload = await incoming.frame()
            match opcode:
                case 1:
                    self.hear(payload.decode())
                case 8:
                    raise Over(int.from_bytes(payload[:2]))
                case 9:
                    incoming.received -= len(payload) + 2  # no news
                    await self._put(client_frame(PONG, payload, mask=self.world.chance.randbytes(4)))
                    if payload:
                        self._note("confirm")

    async def _put(self, data: bytes) -> None:
        async with self._sending:
            if self._link is not None:
                await self._link.send_all(data)

    async def send(self, body: Any) -> None:
        """Send one text frame: text as it is, anything else as JSON."""
        text = body if isinstance(body, str) else json.dumps(body)
        await self._put(client_frame(TEXT, text.encode(), mask=self.world.chance.randbytes(4)))

    async def request(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Make one HTTP request as this client's person. Raises what EXPECTED lists."""
        with trio.fail_after(_PATIENCE):
            link = await self.world.network.dial(
                f"10.0.0.{self.guest.number}", self._weather, server=self.guest.server
            )
            try:
                return await ask(link, method, path, body, self._token)
            finally:
                link.socket.close()

    async def _log_in(self) -> str:
        world, person = self.world, self.person
        name, password = world.name(person), world.password(person)
        by_mail = {"Email": world.email(person), "Password": password}
        method, path, body = {
            "talker": ("POST", "/", {"name": name, "password": password}),
            "messenger": ("POST", "/api/login", {"username": name, "password": password}),
            "support": ("POST", "/v1/auth/", {"user_name": name, "password": password}),
            "direct": ("POST", "/login", {key.lower(): value for key, value in by_mail.items()}),
            "rooms": ("PUT", "/login", by_mail),
        }[self.guest.dialect]
        status, answer = await self.request(method, path, body)
        self.world.record.note("login", who=person, note=str(status))
        if status != 200:
            raise UpgradeRejected(status)
        token: str = answer["result"]["token"] if self.guest.dialect == "support" else answer["token"]
        return token

    # Doing what the plan says.

    async def do(self, step: Step) -> None:
        """Do one step, if it can be done now."""
        if not self.ready or self._link is None:
            return
        try:
            with trio.fail_after(_PATIENCE):
                await self._do(step, self._link)
        except EXPECTED:
            pass

    async def _do(self, step: Step, link: Link) -> None:
        world = self.world
        match step.what:
            case "leave":
                self._note("leave")
                await self._put(client_frame(CLOSE, (1000).to_bytes(2), mask=world.chance.randbytes(4)))
            case "reset":
                link.reset()
            case "tear":
                whole = client_frame(TEXT, self.phrase(self.text()), mask=world.chance.randbytes(4))
                async with self._sending:
                    await link.send_all(whole[: len(whole) // 2])
                    link.reset()
            case "vanish":
                self._note("vanish")
                link.vanish()
            case "pause":
                self._note("silent")
                self._reads_on = trio.Event()
                await trio.sleep(1 + step.a % 15)
                self._reads_on.set()
            case "stop reading":  # for so long that the server may well lose its patience
                self._note("silent")
                self._reads_on = trio.Event()
                await trio.sleep(step.a)
                self._reads_on.set()
            case "partition":
                self._note("silent", note="partition")
                link.hold(True)
                await trio.sleep(step.a % 12)
                link.hold(False)
            case "garbage":
                await self.babble(
                    client_frame(step.b % 2 + 1, b'{"' + bytes(step.a), mask=world.chance.randbytes(4))
                )
            case "too big":
                await self._put(client_frame(TEXT, bytes(70_000), mask=world.chance.randbytes(4)))
            case "burst":
                for _ in range(2 + 5 * step.a % 11):
                    await self.say(step)
            case "long":
                for _ in range(3):
                    await self.say(step, size=_LONG)
            case "say":
                await self.say(step)
            case _:
                await self.act(step)

    def text(self, size: int = 0) -> str:
        """Return a text that nobody else sends, ever."""
        self._texts += 1
        return f"m{self.guest.number}-{self._texts}".ljust(size, ".")

    def _note(self, op: str, **fields: Any) -> None:
        self.world.record.note(op, self.conn, **({"who": self.person} | fields))

    # What each dialect does in its own way.

    async def babble(self, garbage: bytes) -> None:
        """Send a frame that means nothing."""
        await self._put(garbage)

    def begin(self) -> None:
        """A connection begins."""

    async def introduce(self) -> None:
        """Authenticate by a frame, or do whatever makes the server answer."""

    async def settle_in(self) -> None:
        """Go to where things happen."""

    def hear(self, raw: str) -> None:
        """Take down a frame."""
        raise NotImplementedError

    def phrase(self, text: str) -> bytes:
        """Return the payload that says a text."""
        raise NotImplementedError

    async def say(self, step: Step, size: int = 0) -> None:
        """Say something new."""
        raise NotImplementedError

    async def act(self, step: Step) -> None:
        """Do a step that only this dialect knows."""


class LineClient(Client):
    """Talker and messenger."""

    def __init__(self, world: Surroundings, guest: Guest) -> None:
        super().__init__(world, guest)
        self._key = "name" if guest.dialect == "talker" else "username"

    def _line(self, message: str, name: str | None = None) -> dict[str, str]:
        return {
            self._key: (self.world.name(self.person) if self.person else "nobody") if name is None else name,
            "message": message,
        }

    async def introduce(self) -> None:
        if self.person:
            await self.send(self._line(f"auth {self._token}", ""))
        else:
            text = self.text()
            self._note("send", topic="lobby", text=text, note="forbidden")
            await self.send(self._line(text))

    def hear(self, raw: str) -> None:
        line = json.loads(raw)
        name = line["name"] if "name" in line else line["username"]
        if name != "server":
            return self._note("hear", topic="lobby", text=line["message"], name=name)
        if not self.ready and (line["message"].startswith("authorised as ") or not self.person):
            self._note("ready", topic="lobby")
            self.ready = True
        else:
            self._note("told", text=line["message"])
            if not self.ready:
                raise Over  # it could not be known, the next connection may
        return None

    def phrase(self, text: str) -> bytes:
        return json.dumps(self._line(text)).encode()

    async def say(self, step: Step, size: int = 0) -> None:
        text = self.text(size)
        self._note("send", topic="lobby", text=text, note="" if self.person else "forbidden")
        await self.send(self._line(text))

    async def act(self, step: Step) -> None:
        match step.what:
            case "spoof" if step.a != self.person:
                text = self.text()
                self._note("send", topic="lobby", text=text, note="forbidden")
                await self.send(self._line(text, self.world.name(step.a)))
            case "history":
                count = (1000, 100)[step.a % 2]
                self._note("recall", topic="lobby", id=count)
                await self.send(self._line(f"history {count}"))
            case "rename" if self.person:
                new = f"{self.world.name(self.person).partition('-')[0]}-{self.text()}"
                self.world.renamed(self.person, new)
                await self.request("PUT", "/change-name", {"NewName": new})


class SupportClient(Client):
    """People and operators of the support desk."""

    def begin(self) -> None:
        self._asked: dict[int, str] = {}  # by request id
        self._is_operator = self.person in self.world.operators

    async def introduce(self) -> None:
        await self.send({"method": "message.auth", "params": [self._token], "id": 0})

    def hear(self, raw: str) -> None:
        answer = json.loads(raw)
        if "message" in answer:  # the listener's own dialect, until the first frame is read
            return self._note("hear", topic="lobby", text=answer["message"], name=answer["name"])
        if answer["error"] is not None and not self.ready:
            raise Over  # its person could not be known, on the next connection perhaps
        if answer["error"] is not None:
            text = self._asked.get(answer["id"], "")
            unsure = "may or may not" in answer["error"]["message"]
            return self._note("unsure" if unsure else "nack", text=text, note=answer["error"]["message"])
        result = answer["result"]
        if "messages" in result:
            own = f"support:{self.person}"
            for message in result["messages"] or ():
                self._note("retold", topic=own, id=message["message_id"], text=message["message_text"])
            self._note("ready", topic="desk" if self._is_operator else own)
            self.ready = True
            return None
        message = result["message"]
        id_, text = message["message_id"], message["message_text"]
        if isinstance(answer["id"], int) and answer["id"] >= _ASKED:
            return self._note("ack", id=id_, text=text, note=self._asked[answer["id"]])
        whose = message.get("user_id", self.person)
        return self._note("hear", topic=f"support:{whose}", id=id_, text=text, name=message["invader_name"])

    def phrase(self, text: str) -> bytes:
        return json.dumps({"method": "message.send", "params": [text], "id": self._number(text)}).encode()

    def _number(self, text: str) -> int:
        number = _ASKED + len(self._asked)
        self._asked[number] = text
        return number

    async def act(self, step: Step) -> None:
        match step.what:
            case "answer" if self._is_operator:  # whoever spoke last
                text = self.text()
                self._note("send", topic=UNADDRESSED, text=text)
                await self.send(
                    {"method": "message.operatorSend", "params": [text], "id": self._number(text)}
                )

    async def say(self, step: Step, size: int = 0) -> None:
        text = self.text(size)
        whose = step.a if step.b % 2 and step.a != self.person else self.person
        answers = whose != self.person
        note = "forbidden" if answers and not self._is_operator else ""
        self._note("send", topic=f"support:{whose}", text=text, note=note)
        if answers:
            params = [text, whose]
            await self.send({"method": "message.operatorSend", "params": params, "id": self._number(text)})
        else:
            await self.send(self.phrase(text).decode())


_ASKED = 10**9
"""Request ids from here on: no message has such an id."""


class DirectClient(Client):
    """People and guests who write to one another."""

    def begin(self) -> None:
        self._id = 0

    def hear(self, raw: str) -> None:
        if raw.startswith("Connected with id "):
            self._id = int(raw.rpartition(" ")[2])
            self.ready = True
            return self._note("ready", topic="inbox", id=self._id)
        if raw == "pong":
            return self._note("pong")
        heard = json.loads(raw)
        if "error" in heard:
            return self._note("told", text=heard["error"])
        topic = direct(heard["from"], heard["to"])
        return self._note("hear", topic=topic, id=heard["to"], text=heard["content"], name=str(heard["from"]))

    def phrase(self, text: str) -> bytes:
        return json.dumps({"from": self._id, "to": 1, "content": text}).encode()

    async def say(self, step: Step, size: int = 0, as_: int | None = None) -> None:
        text = self.text(size)
        note = "forbidden" if as_ is not None else "" if self.person else "unsaved"
        self._note("send", topic=direct(self._id, step.a), id=step.a, text=text, note=note)
        await self.send({"from": self._id if as_ is None else as_, "to": step.a, "content": text})

    async def act(self, step: Step) -> None:
        match step.what:
            case "ping":
                await self.send("ping")
            case "spoof" if step.b != self._id:
                await self.say(step, as_=step.b)
            case "block" | "unblock":
                await self._block(step.what, step.a)

    async def _block(self, what: str, whom: int) -> None:
        record, ref = self.world.record, self.text()
        record.note(f"{what} asked", who=self.person, id=whom, text=ref)
        method = "PUT" if what == "block" else "DELETE"
        status, _ = await self.request(method, f"/api/v1/me/blocks/{whom}")
        record.note(f"{what} answered", who=self.person, id=whom, text=ref, note=str(status))


class RoomsClient(Client):
    """People who enter rooms, and change who is in them."""

    room_id = 0  # where the client knows itself to be

    def begin(self) -> None:
        self.room_id = 0
        self._entering: int | None = None
        self._pending = 0

    async def settle_in(self) -> None:
        await trio.sleep(1)
        if self.ready:
            await self._enter(self.world.room(self.guest.number % 2))

    def hear(self, raw: str) -> None:
        heard = json.loads(raw)
        match heard["Type"]:
            case "enter" if not self.ready:
                self.ready = True
            case "enter":
                self._left()
                self.room_id, self._entering = self._entering or 0, None
                self._note("enter answered")
                if self.room_id:
                    self._note("ready", topic=f"room:{self.room_id}")
            case "sent":
                self._pending -= 1
                self._note("ack", id=heard["MessageID"])
            case "error" if self._entering is not None:
                self._entering = None
                self._note("enter answered")
                self._note("told", text=heard["Error"])
            case "error":
                self._pending = max(0, self._pending - 1)
                if heard["Error"] == "not in room":
                    self._left()
                    self.room_id = 0
                self._note("told", text=heard["Error"])
            case _:
                self._note(
                    "hear",
                    topic=f"room:{heard['RoomID']}",
                    id=heard["ID"],
                    text=heard["Text"],
                    name=str(heard["UID"]),
                )

    async def babble(self, garbage: bytes) -> None:
        if self._entering is None:  # otherwise it would not be known which of the two an error answers
            self._pending += 1
            await super().babble(garbage)

    def _left(self) -> None:
        if self.room_id:
            self._note("left", topic=f"room:{self.room_id}")

    def phrase(self, text: str) -> bytes:
        return json.dumps({"Type": "message", "Text": text}).encode()

    async def say(self, step: Step, size: int = 0) -> None:
        if self.room_id == 0 or self._entering is not None:
            return await self._enter(self.world.room(step.a))
        text = self.text(size)
        self._pending += 1
        self._note("send", topic=f"room:{self.room_id}", text=text)
        return await self.send(self.phrase(text).decode())

    async def _enter(self, room_id: int) -> None:
        if self._pending or self._entering is not None or room_id == self.room_id:
            return  # which request an error answers would not be known
        self._entering = room_id
        self._note("enter asked")
        if self.room_id:
            self._note("leaving", topic=f"room:{self.room_id}")
        await self.send({"Type": "enter", "RoomID": room_id})

    async def act(self, step: Step) -> None:
        room_id, topic = self.world.room(step.a), f"room:{self.world.room(step.a)}"
        match step.what:
            case "enter":
                await self._enter(room_id)
            case "out" if self.room_id:
                await self._enter(0)
            case "join":
                await self._change("join", self.person, topic, "/join", {"RoomID": room_id})
            case "invite":
                await self._change("join", step.b, topic, "/invite", {"RoomID": room_id, "UID": step.b})
            case "remove":
                inside = self.world.inside(room_id)
                whom = inside[step.b % len(inside)] if inside else self.person
                await self._change("remove", whom, topic, "/remove", {"RoomID": room_id, "UID": whom})
            case "put out":
                await self._change("remove", step.b, topic, "/remove", {"RoomID": room_id, "UID": step.b})
            case "read":
                await self.read(room_id)
            case "remove nothing":
                for _ in range(step.b):
                    await self._change(
                        "remove", self.person, topic, "/remove", {"RoomID": room_id, "UID": self.person}
                    )

    async def _change(self, what: str, whom: int, topic: str, path: str, body: Any) -> None:
        ref = self.text()
        record = self.world.record
        record.note(f"{what} asked", who=whom, topic=topic, text=ref)
        status, _ = await self.request("PUT", path, body)
        record.note(f"{what} answered", who=whom, topic=topic, text=ref, note=str(status))

    async def read(self, room_id: int) -> None:
        """Read the newest messages of a room over HTTP."""
        ref, topic = self.text(), f"room:{room_id}"
        record = self.world.record
        record.note("read asked", who=self.person, topic=topic, text=ref)
        status, rows = await self.request("GET", f"/messages/{room_id}")
        for row in rows if status == 200 else ():
            record.note("read", who=row["UID"], topic=topic, id=row["ID"], text=row["Text"], name=ref)
        record.note("read answered", who=self.person, topic=topic, text=ref, note=str(status))


KINDS: dict[str, type[Client]] = {
    "talker": LineClient,
    "messenger": LineClient,
    "support": SupportClient,
    "direct": DirectClient,
    "rooms": RoomsClient,
}
