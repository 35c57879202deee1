"""Who is connected at all: every session, wherever it listens."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager

from msgspec import structs

from chat.live.meters import Reading
from chat.live.session import Session
from chat.model.closing import Closing
from chat.model.entities import Person


class Handshake:
    """The handshake of a client whose token was looked at. `person` is its person, as they are called now."""

    def __init__(self, person: Person) -> None:
        self.person = person


class Presence:
    """The sessions being served, and who is on the way in."""

    def __init__(self) -> None:
        self._sessions: set[Session] = set()
        self._closing: Closing | None = None  # set by close_all()
        self._handshakes: set[Handshake] = set()

    def __len__(self) -> int:
        return len(self._sessions)

    def __iter__(self) -> Iterator[Session]:
        """Iterate over those here now; the caller must not await in between."""
        return iter(self._sessions)

    @contextmanager
    def shaking_hands(self, person: Person) -> Generator[Handshake]:
        """Keep up with the name of somebody who was just looked at, for as long as the handshake lasts.

        A rename from before that says nothing: the storage may know a later one, whose outcome nobody was told.
        """
        handshake = Handshake(person)
        self._handshakes.add(handshake)
        try:
            yield handshake
        finally:
            self._handshakes.remove(handshake)

    @contextmanager
    def present(self, session: Session) -> Generator[None]:
        """Count the session in for as long as the block lasts."""
        self._sessions.add(session)
        if self._closing is not None:
            session.close(self._closing)
        try:
            yield
        finally:
            self._sessions.remove(session)

    def readings(self) -> Iterable[Reading]:
        """Tell how many clients there are, and what waits for them."""
        queued = [session.outbox.queued for session in self._sessions]
        yield "chat_connections", "Connected WebSocket clients", len(queued)
        yield "chat_outbox_bytes", "Bytes that wait for slow clients", sum(queued)
        yield "chat_outbox_bytes_most", "Bytes that wait for the slowest client", max(queued, default=0)

    def renamed(self, person: Person) -> None:
        """Let the sessions of a person speak under the new name from now on. Sync."""
        for handshake in self._handshakes:
            if handshake.person.id == person.id:
                handshake.person = structs.replace(handshake.person, name=person.name)
        for session in self._sessions:
            if session.person is not None and session.person.id == person.id:
                session.person = person

    def close_all(self, closing: Closing) -> None:
        """Begin to end all sessions, those too that are only just arriving. Sync."""
        self._closing = closing
        for session in self._sessions:
            session.close(closing)
