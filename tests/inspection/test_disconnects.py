"""Why a connection ended: one sentence for each way; only unexpected ends are kept."""

from types import SimpleNamespace
from typing import Any

import pytest
import trio
from trio_websocket import CloseReason

from chat.domain.closing import (
    CRASHED,
    GOING_AWAY,
    NO_PONG,
    OUTCOME_UNKNOWN,
    RESTARTING,
    TOO_SLOW,
    UNAUTHENTICATED,
    Closing,
)
from chat.domain.entities import Person
from chat.domain.rooms.rooms import Rooms
from chat.inspection.connection_report import recent_ends
from chat.inspection.disconnects import Cause, cause_of, record_crash, record_end
from chat.inspection.recorder import Open, Record, Recorder


class Connection:
    """A connection that is served by the test's own task."""

    def __init__(
        self, person: Person | None = None, *, limit: int = 1000, last_received_at: float = 0.0
    ) -> None:
        self.record = Record()
        self.session: Any = SimpleNamespace(
            person=person,
            address="192.0.2.1",
            dialect=SimpleNamespace(name="talker"),
            send_queue=SimpleNamespace(limit=limit),
            receiver=SimpleNamespace(last_received_at=last_received_at),
        )

    def known(self) -> Open:
        return Open(self.record, self.session, trio.CancelScope(), trio.lowlevel.current_task())

    def cause(self, reason: CloseReason | None = None) -> Cause:
        return cause_of(self.known(), reason)


def reason(code: int, text: str = "") -> CloseReason:
    return CloseReason(code, text)


LOST = "The client ended TCP without a close frame: it went away without a goodbye."
RESET = "The connection was reset: the client's process was killed, or the network between broke."


async def test_a_properly_closed_connection_is_not_kept() -> None:
    for code in (None, 1000, 1001, 1005):
        connection = Connection()
        connection.record.peer_closed = True
        cause = connection.cause(None if code is None else reason(code))
        assert cause == Cause("closed by the client", "The client closed it, as it should.", usual=True)
    connection = Connection()
    connection.record.peer_closed = True
    cause = connection.cause(reason(4000))
    assert cause == Cause("closed by the client", "The client closed it, with code 4000.")


@pytest.mark.parametrize(
    ("code", "text", "cause"),
    [
        (1002, "", Cause("protocol error", "The client broke the WebSocket protocol (1002).")),
        (
            1002,
            "bad mask.",
            Cause("protocol error", "The client broke the WebSocket protocol: bad mask (1002)."),
        ),
        (
            1003,
            "é",
            Cause("protocol error", "The client sent data of a type that is not accepted: \\xe9 (1003)."),
        ),
        (1007, "", Cause("protocol error", "The client sent text that is not UTF-8 (1007).")),
        (1009, "", Cause("too big", "The client sent a message that is too big (1009).")),
        (1006, "", Cause("reset", RESET)),
    ],
)
async def test_the_librarys_reason_for_an_end_is_reported(code: int, text: str, cause: Cause) -> None:
    assert Connection().cause(reason(code, text)) == cause


async def test_without_a_close_frame_the_end_of_tcp_is_reported() -> None:
    connection = Connection()
    connection.record.peer_ended = True
    assert connection.cause() == connection.cause(reason(1006)) == Cause("lost", LOST)
    assert Connection().cause().kind == "cut"
    connection = Connection()
    connection.record.too_many_fragments = connection.record.peer_closed = True
    assert connection.cause(reason(1009)) == Cause(
        "too big", "The client sent one message in too many fragments (1009)."
    )


@pytest.mark.parametrize(
    ("closing", "cause"),
    [
        (GOING_AWAY, Cause("going away", "The server was stopping, and said so (1001).", usual=True)),
        (
            RESTARTING,
            Cause("restarting", "The worker that served it was replaced, and said so (1012).", usual=True),
        ),
        (
            OUTCOME_UNKNOWN,
            Cause("outcome unknown", "The database did not say in time whether a message was saved (1013)."),
        ),
        (UNAUTHENTICATED, Cause("closed", "The server closed it: not authenticated (4401).")),
        (
            NO_PONG,
            Cause("no pong", "Nothing came from the client for 42 s, not even an answer to a ping (4009)."),
        ),
    ],
    ids=lambda each: getattr(each, "kind", ""),
)
async def test_the_servers_reason_takes_precedence_over_the_clients(closing: Closing, cause: Cause) -> None:
    connection = Connection(last_received_at=trio.current_time() - 42)
    connection.record.closing = closing
    connection.record.peer_closed = connection.record.peer_ended = True
    assert connection.cause(reason(1000)) == cause


@pytest.mark.parametrize(
    ("waiting", "sentence"),
    [
        (
            1001,
            "The client read too slowly: 1,001 bytes waited for it, and no more than 1,000 may (4008).",
        ),
        (
            1000,
            "The client read nothing: 1,000 bytes waited for it, and none could be written for too long (4008).",
        ),
    ],
)
async def test_too_slow_names_the_exceeded_limit(waiting: int, sentence: str) -> None:
    connection = Connection()
    connection.record.closing, connection.record.waiting = TOO_SLOW, waiting
    assert connection.cause() == Cause("too slow", sentence)


async def test_an_end_by_an_administrator_takes_precedence() -> None:
    connection = Connection()
    connection.record.cut, connection.record.closing = True, GOING_AWAY
    assert connection.cause() == Cause("cut by an administrator", "An administrator ended it (4010).")


async def test_an_unusual_end_is_kept_with_name_and_address(
    autojump_clock: trio.testing.MockClock,
) -> None:
    recorder = Recorder()
    ada = Connection(Person(id=1, name="ada"))
    guest = Connection()
    usual = Connection()
    for connection in (ada, guest, usual):
        recorder.admit(connection.record, connection.session, trio.CancelScope())
        connection.record.peer_ended = True
    await trio.sleep(3)
    usual.record.peer_closed = True
    for connection in (ada, guest, usual):
        record_end(recorder, connection.record, None)
    assert not recorder.open
    await trio.sleep(2)
    one, two = recent_ends(recorder)
    assert (one.connection, one.name, one.kind) == (2, None, "lost")
    assert (two.connection, two.name, two.dialect, two.address) == (1, "ada", "talker", "192.0.2.1")
    assert (two.lasted, two.ended_ago, two.kind, two.sentence) == (3.0, 2.0, "lost", LOST)
    for connection, ended in ((ada, "lost"), (usual, "closed by the client")):
        assert connection.record.events is not None
        assert connection.record.events[-1].what == f"ended: {ended}"


async def test_connections_not_admitted_or_already_ended_are_skipped() -> None:
    recorder, connection = Recorder(), Connection()
    record_end(recorder, connection.record, None)
    assert recent_ends(recorder) == []
    assert connection.record.events is None


async def test_a_crash_names_its_place_and_no_text_of_a_client() -> None:
    recorder, connection = Recorder(), Connection()
    recorder.admit(connection.record, connection.session, trio.CancelScope())
    record_end(recorder, connection.record, None)
    users: Any = None
    nobody: Any = None
    try:
        await Rooms(users, users, users).see(nobody, 1)
    except AttributeError as error:
        group = ExceptionGroup("a secret", [ExceptionGroup("another", [error])])
        record_crash(recorder, connection.record, group)
    (end,) = recent_ends(recorder)
    assert end.kind == "crash"
    place, _, rest = end.sentence.partition(" (")
    assert place.startswith(
        "A bug of the server ended it, and only it: AttributeError at chat/domain/rooms/rooms.py:"
    )
    assert place.endswith(" Rooms._made_by_people")
    assert rest == f"{CRASHED.code}). The log has the traceback."
    assert connection.record.events is not None
    assert connection.record.events[-1].what.startswith(
        "failed: AttributeError at chat/domain/rooms/rooms.py:"
    )


async def test_a_crash_elsewhere_names_its_type_alone() -> None:
    recorder, connection = Recorder(), Connection()
    try:
        raise ZeroDivisionError("a secret")
    except ZeroDivisionError as error:
        record_crash(recorder, connection.record, error)
    assert connection.record.events is not None
    assert connection.record.events[-1].what == "failed: ZeroDivisionError"
