"""The report of a connection for admins: of an open one, or of one that recently ended badly."""

from types import SimpleNamespace
from typing import Any

import trio
import trio.testing

from chat.domain.entities import Person
from chat.inspection.connection_report import (
    ConnectionReport,
    ReportedEvent,
    ReportedFrame,
    Summary,
    recent_ends,
    report_connection,
)
from chat.inspection.recorder import KEPT_FOR, End, Record, Recorder


def admitted(recorder: Recorder, person: Person | None) -> Record:
    session: Any = SimpleNamespace(
        person=person, address="192.0.2.1", dialect=SimpleNamespace(name="messenger")
    )
    record = Record()
    recorder.admit(record, session, trio.CancelScope())
    return record


async def test_the_report_of_an_open_connection_has_its_events_and_last_frames(
    autojump_clock: trio.testing.MockClock,
) -> None:
    await trio.sleep(50)  # the clock began before it
    recorder = Recorder()
    record = admitted(recorder, Person(id=1, name="ada"))
    await trio.sleep(2)
    record.note("something happened to it")
    for opcode in (0, 1, 2, 8, 9, 10, 11):
        record.note_sent(bytes((0x80 | opcode, 3)) + b"abc")
    record.message(trio.current_time(), 7)
    await trio.sleep(1)
    types = ["continuation", "text", "binary", "close", "ping", "pong", "opcode 11"]
    assert report_connection(recorder, 1) == ConnectionReport(
        Summary(1, "ada", "messenger", "192.0.2.1", 3.0, None, "open", "It has not ended."),
        [
            ReportedEvent(0.0, "accepted"),
            ReportedEvent(0.0, "authenticated as ada, by its handshake"),
            ReportedEvent(2.0, "something happened to it"),
        ],
        [*(ReportedFrame(2.0, True, kind, 3) for kind in types), ReportedFrame(2.0, False, "text", 7)],
    )
    assert recent_ends(recorder) == []


async def test_one_that_nobody_knows_has_no_story(autojump_clock: trio.testing.MockClock) -> None:
    recorder = Recorder()
    record = admitted(recorder, None)
    assert report_connection(recorder, 2) is None
    story = report_connection(recorder, 1)
    assert story is not None
    assert (story.summary.name, story.events, story.frames) == (None, [ReportedEvent(0.0, "accepted")], [])
    recorder.forget(record)
    assert report_connection(recorder, 1) is None


async def test_a_badly_ended_connection_is_reported_for_a_while(
    autojump_clock: trio.testing.MockClock,
) -> None:
    await trio.sleep(50)  # the clock began before them
    recorder = Recorder()
    records = [admitted(recorder, None) for _ in range(2)]
    await trio.sleep(3)
    for record in records:
        recorder.forget(record)
        now = trio.current_time()
        recorder.keep(End(record, "192.0.2.1", "ben", "talker", "lost", "Gone.", now, 0.0))
    await trio.sleep(KEPT_FOR - 1)
    assert [summary.connection for summary in recent_ends(recorder)] == [2, 1]
    for number in (1, 2):
        story = report_connection(recorder, number)
        assert story is not None
        assert story.summary == Summary(
            number, "ben", "talker", "192.0.2.1", 3.0, KEPT_FOR - 1, "lost", "Gone."
        )
        assert story.events == [ReportedEvent(0.0, "accepted")]
    await trio.sleep(2)
    assert report_connection(recorder, 1) is None
