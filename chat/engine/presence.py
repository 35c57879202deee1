"""All sessions and handshakes under way."""

from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager

import trio
from msgspec import structs

from chat.domain.closing import DELETED, DISABLED, LOGGED_OUT, SECOND_FACTOR_REQUIRED, SESSION_ENDED, Closing
from chat.domain.entities import Person
from chat.engine.session import Session
from chat.inspection.metrics import LabelledReading, Reading


class Handshake:
    """The handshake of a client. `person` is the owner of its token, kept up to date, once authenticated.

    There is one for each open socket, so it is small.
    """

    __slots__ = ("_known", "closing", "person")

    def __init__(self, known: set["Handshake"]) -> None:
        self._known = known
        self.person: Person | None = None
        self.closing: Closing | None = None  # why the client must be closed

    def is_of(self, person: Person) -> None:
        """Keep a person up to date, who was just read, until end(). Sync.

        Renames from before do not count: the storage may have a later one.
        """
        self.person = person
        self._known.add(self)

    def end(self) -> None:
        """End the handshake; nothing happens at a second call. Sync."""
        self._known.discard(self)


class Presence:
    """Holds the sessions, and the people of handshakes under way."""

    def __init__(self) -> None:
        self._sessions: set[Session] = set()
        self._closing: Closing | None = None  # set by close_all()
        self._handshakes: set[Handshake] = set()

    def __len__(self) -> int:
        return len(self._sessions)

    def __iter__(self) -> Iterator[Session]:
        """Iterate over the sessions; the caller must not await in between."""
        return iter(self._sessions)

    def handshake(self) -> Handshake:
        """Return a new handshake, for the caller to end. Sync."""
        return Handshake(self._handshakes)

    @contextmanager
    def present(self, session: Session, handshake: Handshake | None = None) -> Generator[None]:
        """Hold the session for as long as the block lasts; its `handshake` ends here."""
        self._sessions.add(session)
        if self._closing is not None:
            session.close(self._closing)
        if handshake is not None:
            if handshake.closing is not None:
                session.close(handshake.closing)
            handshake.end()
        try:
            yield
        finally:
            self._sessions.remove(session)

    def readings(self) -> Iterable[Reading | LabelledReading]:
        """Yield the number of clients, and the bytes that wait for them."""
        queued = [session.send_queue.queued for session in self._sessions]
        dialects = Counter(session.dialect.name for session in self._sessions)
        yield "chat_connections", "Connected WebSocket clients", len(queued)
        yield LabelledReading("chat_clients", "Connected WebSocket clients, by dialect", "dialect", dialects)
        yield "chat_outbox_bytes", "Bytes that wait for slow clients", sum(queued)
        yield "chat_outbox_bytes_most", "Bytes that wait for the slowest client", max(queued, default=0)

    def renamed(self, person: Person) -> None:
        """Give a person's sessions the new name. Sync."""
        for handshake in self._handshakes:
            if handshake.person is not None and handshake.person.id == person.id:
                handshake.person = structs.replace(handshake.person, name=person.name)
        for session in self._sessions:
            if session.person is not None and session.person.id == person.id:
                session.person = structs.replace(session.person, name=person.name)

    def made_room(self, person_id: int, room_id: int) -> None:
        """Notify a person's sessions of a room that they have made: the log has no change of it yet. Sync."""
        for session in self._sessions:
            if session.person is not None and session.person.id == person_id and session.client is not None:
                session.client.room_made(room_id)

    def person_deleted(self, person_id: int) -> None:
        """Notify all clients that a person was deleted. Sync."""
        for session in self._sessions:
            if session.client is not None:
                session.client.person_deleted(person_id)

    def conversations(self) -> dict[int, int]:
        """Return the ids of the support conversations that clients subscribe to as rooms, with their people's. Sync."""
        found: dict[int, int] = {}
        for session in self._sessions:
            if session.client is not None:
                found.update(session.client.conversations())
        return found

    def people(self) -> set[int]:
        """Return the ids of people with a session, a handshake, or a conversation that a client subscribes to. Sync."""
        here = [session.person for session in self._sessions]
        people = {person.id for person in (*here, *(each.person for each in self._handshakes)) if person}
        return people.union(self.conversations().values())

    def logins(self, person_ids: Collection[int]) -> set[int]:
        """Return the ids of the log-ins of these people that have a socket here. Sync."""
        here = (*(each.person for each in self._sessions), *(each.person for each in self._handshakes))
        return {
            person.session_id
            for person in here
            if person is not None and person.session_id is not None and person.id in person_ids
        }

    def rooms(self) -> set[int]:
        """Return the ids of the rooms that have subscribers. Sync."""
        return {room_id for session in self._sessions for room_id in session.subscriptions.rooms()}

    def changed(
        self,
        found: Mapping[int, Person | None],
        ended_logins: Collection[int] = frozenset(),
        must_set_up: Callable[[Person], bool] = lambda _person: False,
    ) -> list[int]:
        """Apply the people that were read, by id, and close sockets that may not stay; return their people. Sync.

        `ended_logins` are the log-ins that have ended: their sockets are closed too, as those of people
        who `must_set_up` a second factor first.
        """
        ended: set[int] = set()
        for handshake in self._handshakes:
            if handshake.person is not None and handshake.person.id in found:
                now = found[handshake.person.id]
                handshake.closing = handshake.closing or _ended(
                    handshake.person, now, ended_logins, must_set_up
                )
                handshake.person = _as_now(handshake.person, now) if now is not None else handshake.person
        for session in self._sessions:
            if session.person is not None and session.person.id in found:
                now = found[session.person.id]
                if closing := _ended(session.person, now, ended_logins, must_set_up):
                    session.expel(closing)
                    ended.add(session.person.id)
                elif now is not None:
                    session.person = _as_now(session.person, now)
                    session.person_changed()
        return sorted(ended)

    def expel_all(self, closing: Closing) -> None:
        """End all sessions of now, at once: nothing more is published to them. Later ones may stay. Sync."""
        for session in tuple(self._sessions):
            session.expel(closing)

    def close_all(self, closing: Closing) -> None:
        """Begin to end all sessions, also those that are just arriving. The first reason counts. Sync."""
        self._closing = self._closing or closing
        for session in self._sessions:
            session.close(self._closing)

    async def close_spread(self, closing: Closing, within: float) -> None:
        """End all sessions, evenly over `within` seconds, and at once those that are just arriving.

        Cancelling: the others stay.
        """
        self._closing = closing
        sessions, begun = tuple(self._sessions), trio.current_time()
        for place, session in enumerate(sessions):
            await trio.sleep_until(begun + within * place / len(sessions))
            if session in self._sessions:
                session.close(closing)


def _as_now(known: Person, now: Person) -> Person:
    """Return a person as they are `now`, with the log-in of `known`."""
    return now if known.session_id is None else structs.replace(now, session_id=known.session_id)


def _ended(
    known: Person, now: Person | None, ended_logins: Collection[int], must_set_up: Callable[[Person], bool]
) -> Closing | None:
    """Return why a socket of the person `known` must be closed, or None."""
    if now is None:
        return DELETED
    if now.is_disabled:
        return DISABLED
    if now.token_generation != known.token_generation:
        return LOGGED_OUT
    if must_set_up(now):
        return SECOND_FACTOR_REQUIRED
    return SESSION_ENDED if known.session_id in ended_logins else None
