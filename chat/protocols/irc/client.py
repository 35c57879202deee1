"""An IRC client: its capabilities, who it is, the rooms that it is in, and how it is answered."""

import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import trio

from chat.domain.closing import OUTCOME_UNKNOWN, UNAUTHENTICATED
from chat.domain.entities import Person
from chat.domain.failures import StorageDown
from chat.domain.messages.audience import topic_of
from chat.domain.messages.client_positions import POSITIONS
from chat.domain.messages.live import Status
from chat.domain.refusals import UNAVAILABLE
from chat.engine.dialect import Encoder, Greet
from chat.engine.protocol_client import command_handlers, on
from chat.engine.session import ClientFactory, Session
from chat.protocols.client import Client, Misunderstood, misunderstood
from chat.protocols.irc import entering
from chat.protocols.irc.answering import Lines
from chat.protocols.irc.caps import Cap
from chat.protocols.irc.commands import COMMANDS, REGISTERING
from chat.protocols.irc.directory import Directory, Place
from chat.protocols.irc.encoder import LabelEncoder
from chat.protocols.irc.lines import INPUT_TOO_LONG, BadLine, Line
from chat.protocols.irc.multiline import Multiline
from chat.protocols.irc.names import nick_of
from chat.protocols.irc.shared import Shared
from chat.protocols.services import Services
from chat.signals import Signal

_REGISTER = 30.0
"""Seconds within which a client must register."""

_LABEL = 64
"""Characters of a label (IRCv3, labeled-response)."""

_VERB = 32
"""Characters of an unknown command that its refusal repeats."""

_AHEAD = 2.0
"""Seconds that a client from another server waits until this one has published as much."""

_LARGE = 32_768
"""Bytes of an answer that waits until the client has read the ones before."""


class IrcClient(Client):
    """One connection."""

    __slots__ = (
        "_asked",
        "_entered",
        "_entering",
        "_labels",
        "_lock",
        "_nursery",
        "_own_encoder",
        "_watches",
        "announced",
        "cap_version",
        "caps",
        "ended_rooms",
        "expires_at",
        "is_negotiating",
        "is_registered",
        "join_labels",
        "last_own_id",
        "login",
        "multiline",
        "name",
        "nick",
        "password",
        "places",
        "position",
        "sasl",
        "shared",
        "user",
        "wanted",
    )

    def __init__(self, session: Session, shared: Shared) -> None:
        super().__init__(session)
        self.shared = shared
        self.caps = Cap.NONE
        self.cap_version = 0
        self.is_negotiating = False
        self.is_registered = False
        self.wanted = ""  # the nick that it asked for
        self.user = ""
        self.password = ""  # of PASS
        self.sasl: str | None = None  # what came so far; None: no exchange is under way
        self.login = ""  # as which it logged in, in that spelling
        self.name = ""  # that the person gives this client
        self.nick = "*"
        self.expires_at = math.inf  # of its token, in seconds of Trio's clock
        self.places: dict[int, Place] = {}  # the rooms that it is in
        self.position: int | None = None  # what it has received, as of its log-in
        self.multiline: Multiline | None = None  # that it is sending
        self.announced: dict[int, float] = {}  # when its typing was last announced, by room
        self.join_labels: dict[int, str] = {}  # of requests that enter a room
        self.ended_rooms: set[int] | None = None  # while it enters rooms: those that it has lost meanwhile
        self.last_own_id = 0  # the log id of its last message
        self._labels: dict[int, str] = {}  # of its messages that are not published yet, by their ids
        self._own_encoder: LabelEncoder | None = None
        self._lock: trio.Lock | None = None  # while it buffers what the hub sends
        self._nursery: trio.Nursery | None = None  # the connection's, once registered
        self._entering = 0  # rooms that are about to be entered
        self._entered: Signal | None = None  # made by the first that waits for them
        self._asked = 0  # the log id of the last ping
        self._watches = False  # whether it watches who is away

    # What handlers use.

    @property
    def services(self) -> Services:
        """The parts of the server."""
        return self.shared.services

    @property
    def directory(self) -> Directory:
        """Rooms and people, as IRC names them."""
        return self.shared.directory

    @property
    def person(self) -> Person:
        """Its person; a registered client has one."""
        assert self.session.person is not None
        return self.session.person

    @property
    def person_id(self) -> int:
        """The id of its person; 0: nobody yet."""
        return 0 if self.session.person is None else self.session.person.id

    @property
    def encoder(self) -> Encoder:
        """What encodes messages for it."""
        encoder = self.shared.encoder(self.caps)
        if Cap.LABELS not in self.caps:
            return encoder
        self._own_encoder = self._own_encoder or LabelEncoder(encoder, self._labels)
        return self._own_encoder

    def set_caps(self, caps: Cap) -> None:
        """Change what the client has asked for; its rooms are encoded for that from now on. Sync."""
        self.caps = caps
        self._own_encoder = None
        subscriptions = self.session.subscriptions
        for place in self.places.values():
            topic = topic_of(place.room_id, place.kind)
            subscriptions.unsubscribe(topic)
            subscriptions.subscribe(topic, self.encoder)

    @property
    def source(self) -> str:
        """The source of lines by its person."""
        return self.directory.source(self.person_id, self.nick)

    def lines(self, label: str | None = None) -> Lines:
        """Return an empty answer. Sync."""
        return Lines(self.directory.host, self.nick, label)

    def send_later(self, what: Callable[[], Awaitable[None]]) -> None:
        """Run `what` beside the reading. If the database does not answer, the client is closed. Sync."""
        if self._nursery is not None and not self.session.reading.cancel_called:
            self._nursery.start_soon(self._guarded, what)

    async def _guarded(self, what: Callable[[], Awaitable[None]]) -> None:
        try:
            await what()
        except StorageDown:
            self.session.close(OUTCOME_UNKNOWN)

    @asynccontextmanager
    async def exclusive(self) -> AsyncGenerator[None]:
        """Let one task at a time enter rooms; after a failure all subscriptions are dropped."""
        async with self._alone():
            try:
                yield
            except BaseException as error:
                # Buffered changes can't be sent: earlier ones are missing.
                self.session.subscriptions.drop()
                self.leave_all()
                if isinstance(error, StorageDown):
                    self.session.close(OUTCOME_UNKNOWN)  # it would hear nothing, and not know
                raise

    @asynccontextmanager
    async def answering_first(self, out: Lines) -> AsyncGenerator[None]:
        """Send the answer that the block makes, and then what the hub has sent meanwhile.

        Cancelling: the answer is not sent.
        """
        subscriptions = self.session.subscriptions
        async with self._alone():
            subscriptions.buffer()
            try:
                yield
                self.session.send_frames(out.encoded(self.caps))
                out.lines.clear()
                out.label = None
            finally:
                subscriptions.flush()

    @asynccontextmanager
    async def _alone(self) -> AsyncGenerator[None]:
        """Let one task at a time buffer what the hub sends. Cancelling: it did not begin."""
        lock = self._lock = self._lock or trio.Lock()
        try:
            async with lock:
                yield
        finally:
            if not lock.locked():
                self._lock = None

    # Commands.

    async def greet(self, _command: Greet, nursery: trio.Nursery) -> None:
        """Set the deadline for the registration."""
        await trio.lowlevel.checkpoint()
        self._nursery = nursery
        self.session.close_at(trio.current_time() + _REGISTER, UNAUTHENTICATED)

    async def line(self, command: Line, _nursery: trio.Nursery) -> None:
        """Handle a command and send its answer. If the database does not answer, it is refused."""
        out = self.lines(self._label_of(command))
        handler = REGISTERING.get(command.verb)
        if handler is None and self.is_registered:
            handler = COMMANDS.get(command.verb)
        try:
            if handler is not None:
                await handler(self, command, out)
            else:
                await trio.lowlevel.checkpoint()
                if self.is_registered or command.verb not in COMMANDS:
                    out.numeric("421", command.verb[:_VERB], text="this server does not know that command")
                else:
                    out.numeric("451", text="register first: NICK, USER and SASL, or PASS")
        except StorageDown:
            if command.verb != "NOTICE":
                out.fail(command.verb, UNAVAILABLE)
        answer = out.encoded(self.caps)
        if len(answer) > _LARGE:
            await self.session.send_queue.send(answer)
        elif answer:
            self.session.send_frames(answer)

    def _label_of(self, command: Line | BadLine) -> str | None:
        """Return the label of a request, if the client may label them. Sync."""
        label = command.tags.get("label") if Cap.LABELS in self.caps else None
        return label if label and len(label) <= _LABEL and "\ufffd" not in label else None

    async def bad_line(self, command: BadLine, _nursery: trio.Nursery) -> None:
        """Refuse a line that can't be read, and pause the reader if its address sends many."""
        out = self.lines(self._label_of(command))
        if command.why is INPUT_TOO_LONG:
            out.numeric("417", text=command.why.text)
        else:
            out.refuse("*", command.why.code, command.why.text)
        self.session.send_frames(out.encoded(self.caps))
        await self.session.limits.malformed()

    # Events of the server.

    def arrived(self, room_id: int, after_id: int) -> None:
        """A room may be new to the client: enter it, and send its messages after this log id. Sync."""
        if self.is_registered and room_id not in self.places and not self.session.reading.cancel_called:
            self._entering += 1
            self.send_later(lambda: self._enter(room_id, after_id))

    async def _enter(self, room_id: int, after_id: int) -> None:
        try:
            await entering.enter(self, {room_id: after_id})
        finally:
            self._entering -= 1
            if self._entered is not None:
                self._entered.notify()

    def person_changed(self) -> None:
        """Send the new nick. Sync."""
        person = self.session.person
        if person is None or not self.is_registered or nick_of(person.name) == self.nick:
            return
        before, self.nick = self.source, self.directory.note_person(person.id, person.name)
        for place in self.places.values():
            if person.id in place.nicks:
                place.nicks[person.id] = self.nick
        self.session.subscriptions.offer(f":{before} NICK {self.nick}\r\n".encode())

    def room_made(self, room_id: int) -> None:
        """Enter the new room. Sync."""
        self.arrived(room_id, self.services.hub.newest_id)

    def room_ended(self, room_id: int, *, is_deleted: bool) -> None:
        """Send that the client has left the channel, unless it was shown. Sync."""
        if self.ended_rooms is not None:
            self.ended_rooms.add(room_id)
        place = self.places.pop(room_id, None)
        if place is None:
            return
        if is_deleted or (room_id, self.person_id) not in self.directory.shown_removals:
            reason = "the room was deleted" if is_deleted else "the membership has ended"
            self.session.subscriptions.offer(
                f":{self.directory.host} KICK {place.target} {self.nick} :{reason}\r\n".encode()
            )
        self.directory.left(place)

    def enter(self, place: Place) -> None:
        """Note that the client is in a room. Sync."""
        self.places[place.room_id] = place
        place.clients += 1

    def leave(self, room_id: int) -> None:
        """Note that the client is in a room no more. Sync."""
        place = self.places.pop(room_id, None)
        if place is not None:
            self.directory.left(place)

    def leave_all(self) -> None:
        """Note that the client is in no room. Sync."""
        for room_id in tuple(self.places):
            self.leave(room_id)

    def channel_renamed(self, place: Place, before: str, actor_id: int) -> None:
        """Send that a channel has another name. Sync."""
        if Cap.RENAME in self.caps:
            lines = f":{self.directory.source_of(actor_id)} RENAME {before} {place.target} :\r\n"
        else:
            lines = f":{self.source} PART {before} :renamed\r\n:{self.source} JOIN {place.target}{self.joined}\r\n"
        self.session.subscriptions.offer(lines.encode())

    @property
    def joined(self) -> str:
        """What follows the channel in the person's own JOIN."""
        return f" {self.nick} :{self.nick}" if Cap.EXTENDED_JOIN in self.caps else ""

    def read_elsewhere(self, room_id: int, seq: int) -> None:
        """Send a read mark that another client of the person has set. Sync."""
        if Cap.READ_MARKER in self.caps:
            self.send_later(lambda: entering.send_marker(self, room_id, seq))

    def statuses_changed(self, statuses: Mapping[int, Status]) -> bool:
        """Send who is away now. False: the client reads too slowly, so nothing was sent. Sync."""
        if self.session.subscriptions.is_behind:
            return False
        lines = [
            f":{self.directory.source(each, nick)} AWAY{'' if status is Status.ONLINE else f' :{status.value}'}\r\n"
            for each, status in statuses.items()
            if (nick := self.directory.nick(each)) is not None
        ]
        self.session.send_frames("".join(lines).encode())
        return True

    def profile_changed(self, person: Person) -> None:
        """Send the new nick of somebody whom the client watches. Sync."""
        before = self.directory.nick(person.id)
        if before is not None and before != nick_of(person.name):
            source, nick = self.directory.source(person.id, before), nick_of(person.name)
            self.session.subscriptions.offer(f":{source} NICK {nick}\r\n".encode())

    def watch(self, people: Sequence[int]) -> None:
        """Watch who of these people is away. Sync."""
        self._watches = True
        self.services.statuses.watch(self, people)

    # What it has received.

    def begin_confirming(self) -> None:
        """Ping the client now and then, for the position up to which it has received everything. Sync."""
        self.session.receiver.on_pong(self._pong)
        self.services.feature_ports[POSITIONS].asking[self.ask] = None
        self.ask()

    def ask(self) -> None:
        """Ping if there were messages since the last ping, and few bytes wait. Sync."""
        session, newest_id = self.session, self.services.hub.newest_id
        asked = self._asked
        if newest_id <= asked:  # first: thousands of clients are asked again and again, mostly for nothing
            return
        has_more = asked == 0 or any(place.newest_id > asked for place in self.places.values())
        if has_more and not session.subscriptions.is_behind:
            self._asked = newest_id
            session.send_queue.offer(session.pinger.next_ping(b"%d" % newest_id))

    def _pong(self, payload: bytes) -> None:
        """Note what the client has received: a PONG repeats its PING, which came after everything up to its id."""
        if payload.isdigit() and len(payload) <= 18 and 0 < int(payload) <= self._asked and self.person_id:
            self.services.feature_ports[POSITIONS].note((self.person_id, self.name), int(payload))

    async def wait_published(self, log_id: int) -> None:
        """Wait a moment until this server has published that too: a client may come from a server that is ahead.

        Else it would receive again what it knows. Cancelling changes nothing.
        """
        hub = self.services.hub
        with trio.move_on_after(_AHEAD):
            await hub.published.wait_until(lambda: hub.newest_id >= log_id)

    async def wait_done(self) -> None:
        """Wait until the client's messages so far are settled, published, and in rooms that it has entered.

        Cancelling changes nothing.
        """
        await self.session.pending_drafts.wait()
        hub = self.services.hub
        await hub.published.wait_until(lambda: hub.newest_id >= self.last_own_id)
        if self._entering:
            self._entered = self._entered or Signal()
            await self._entered.wait_until(lambda: not self._entering)

    def note_label(self, message_id: int, label: str) -> None:
        """Give a message of the client, which is published later, the label of its request. Sync."""
        self._labels[message_id] = label

    def take_label(self, message_id: int) -> str | None:
        """Return the label of a message that is sent now. Sync."""
        return self._labels.pop(message_id, None)

    def ended(self) -> None:
        """Release all that the client held. Sync."""
        if self.is_registered:
            self.shared.remove(self.person_id, self)
        if self._watches:
            self.services.statuses.unwatch(self)
        positions = self.services.feature_ports[POSITIONS]
        if self.ask in positions.asking:
            del positions.asking[self.ask]
            positions.write_soon()

    handlers = command_handlers(
        on(Greet, greet),
        on(Line, line),
        on(BadLine, bad_line),
        on(Misunderstood, misunderstood),
    )


def open_irc(services: Services) -> ClientFactory:
    """Return the factory of IRC's clients."""
    shared = Shared(services)
    return lambda session: IrcClient(session, shared)
