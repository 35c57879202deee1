"""Connected clients: counted, renamed together, ended together."""

from collections.abc import Mapping
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest
import trio

from chat.domain.closing import GOING_AWAY, RESTARTING, Closing
from chat.domain.entities import Person
from chat.engine.presence import Presence


class Session:
    """As much of a session as presence looks at."""

    def __init__(self, person: Person | None = None, queued: int = 0) -> None:
        self.person = person
        self.send_queue = SimpleNamespace(queued=queued)
        self.dialect = SimpleNamespace(name="native")
        self.closed: list[Closing] = []

    def close(self, closing: Closing) -> None:
        self.closed.append(closing)


def readings(presence: Presence) -> dict[str, float | Mapping[str, float]]:
    return {reading[0]: reading[-1] for reading in presence.readings()}


def test_connected_clients_and_their_queued_bytes_are_counted() -> None:
    presence = Presence()
    nothing = {"chat_connections": 0, "chat_clients": {}, "chat_outbox_bytes": 0, "chat_outbox_bytes_most": 0}
    assert readings(presence) == nothing
    one: Any = Session(queued=10)
    two: Any = Session(queued=32)
    with presence.present(one):
        assert list(presence) == [one]
        with presence.present(two):
            assert len(presence) == 2
            assert readings(presence) == {
                "chat_connections": 2,
                "chat_clients": {"native": 2},
                "chat_outbox_bytes": 42,
                "chat_outbox_bytes_most": 32,
            }
    assert (len(presence), readings(presence)) == (0, nothing)


def test_a_stopping_server_closes_those_here_and_those_only_just_arriving() -> None:
    presence = Presence()
    here: Any = Session()
    late: Any = Session()
    gone: Any = Session()
    with presence.present(gone):
        pass
    with presence.present(here):
        assert here.closed == []
        presence.close_all(GOING_AWAY)
        with presence.present(late):
            assert (here.closed, late.closed, gone.closed) == ([GOING_AWAY], [GOING_AWAY], [])


def test_a_rename_reaches_only_that_persons_sessions_and_handshakes() -> None:
    presence = Presence()
    ada, ben = Person(id=1, name="ada"), Person(id=2, name="ben")
    sessions: list[Any] = [Session(ada), Session(ada), Session(ben), Session()]
    with (
        presence.present(sessions[0]),
        presence.present(sessions[1]),
        presence.present(sessions[2]),
        presence.present(sessions[3]),
    ):
        hers, his, nobodys = [presence.handshake() for _ in range(3)]
        hers.is_of(ada)
        his.is_of(ben)
        presence.renamed(Person(id=1, name="Zoë"))
        assert [session.person and session.person.name for session in sessions] == ["Zoë", "Zoë", "ben", None]
        names = [each.person and each.person.name for each in (hers, his, nobodys)]
        assert names == ["Zoë", "ben", None]
        for handshake in (hers, his, nobodys):
            handshake.end()
    presence.renamed(Person(id=1, name="Ada Lovelace"))
    assert hers.person is not None
    assert hers.person.name == "Zoë", "that handshake is over"


async def test_sessions_are_closed_one_after_the_other_evenly_over_the_time(autojump_clock: object) -> None:
    presence = Presence()
    begun = trio.current_time()
    moments: list[float] = []

    class Timed(Session):
        def close(self, closing: Closing) -> None:
            super().close(closing)
            moments.append(trio.current_time() - begun)

    sessions: list[Any] = [Timed() for _ in range(5)]
    late: Any = Session()
    with ExitStack() as stack:
        for session in sessions:
            stack.enter_context(presence.present(session))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(presence.close_spread, RESTARTING, 10.0)
            await trio.sleep(5)
            with presence.present(late):
                assert late.closed == [RESTARTING]
        assert moments == pytest.approx([0, 2, 4, 6, 8])
        presence.close_all(GOING_AWAY)  # the first reason counts
    assert {closing for session in sessions for closing in session.closed} == {RESTARTING}


async def test_nobody_here_is_nobody_to_wait_for(autojump_clock: object) -> None:
    begun = trio.current_time()
    await Presence().close_spread(RESTARTING, 10.0)
    assert trio.current_time() == begun
