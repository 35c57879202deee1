"""Who is connected at all: every session, wherever it listens."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager

from msgspec import structs

from chat.live.meters import Reading
from chat.live.session import Session
from chat.model.closing import Closing
from chat.model.entities import Person


class Presence:
    """The sessions being served."""

    def __init__(self) -> None:
        self._sessions: set[Session] = set()
        self._closing: Closing | None = None  # set by close_all()
        self.renames = 0  # so far
        self._new_names: dict[int, tuple[int, str]] = {}  # by person: the number of the rename, and the name

    def __len__(self) -> int:
        return len(self._sessions)

    def __iter__(self) -> Iterator[Session]:
        """Iterate over those here now; the caller must not await in between."""
        return iter(self._sessions)

    @contextmanager
    def present(self, session: Session, *, renames: int) -> Generator[None]:
        """Count the session in for as long as the block lasts.

        `renames` is what there were when its person was looked at: whoever was renamed since, during the handshake,
        gets the new name. A rename from before that says nothing: the storage may know a later one, whose outcome
        nobody was told.
        """
        self._sessions.add(session)
        if session.person is not None:
            number, name = self._new_names.get(session.person.id, (0, ""))
            if number > renames:
                session.person = structs.replace(session.person, name=name)
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
        self.renames += 1
        self._new_names[person.id] = self.renames, person.name
        for session in self._sessions:
            if session.person is not None and session.person.id == person.id:
                session.person = person

    def close_all(self, closing: Closing) -> None:
        """Begin to end all sessions, those too that are only just arriving. Sync."""
        self._closing = closing
        for session in self._sessions:
            session.close(closing)
