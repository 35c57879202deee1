"""Reports of connections for admins: events and last frames."""

import msgspec
import trio

from chat.inspection.recorder import Record, Recorder

_TYPES = {0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}
"""Opcodes (RFC 6455, section 5.2)."""


class ReportedEvent(msgspec.Struct, frozen=True):
    """An event, `at` seconds after the connection was accepted."""

    at: float
    what: str


class ReportedFrame(msgspec.Struct, frozen=True):
    """A frame, `at` seconds after the connection was accepted; `length` is of its payload, in bytes."""

    at: float
    sent: bool
    type: str
    length: int


class Summary(msgspec.Struct, frozen=True):
    """One connection: how long it lasted and how long ago it ended (both in seconds), and why."""

    connection: int
    name: str | None
    dialect: str
    address: str
    lasted: float
    ended_ago: float | None
    kind: str
    sentence: str


class ConnectionReport(msgspec.Struct, frozen=True):
    """A summary, and what led to it."""

    summary: Summary
    events: list[ReportedEvent]
    frames: list[ReportedFrame]


def recent_ends(recorder: Recorder) -> list[Summary]:
    """Return the recent abnormal ends, the last first. Sync."""
    return [report.summary for report in _ended(recorder)]


def report_connection(recorder: Recorder, connection: int) -> ConnectionReport | None:
    """Return the report of a connection that is open, or has recently ended abnormally. Sync."""
    known = recorder.open.get(connection)
    if known is None:
        return next((report for report in _ended(recorder) if report.summary.connection == connection), None)
    session, record = known.session, known.record
    name = None if session.person is None else session.person.name
    lasted = trio.current_time() - record.opened_at
    about = (connection, name, session.dialect.name, session.address)
    return _report(record, Summary(*about, lasted, None, "open", "It has not ended."))


def _ended(recorder: Recorder) -> list[ConnectionReport]:
    now = trio.current_time()
    return [
        _report(
            end.record,
            Summary(
                end.record.id,
                end.name,
                end.dialect,
                end.address,
                end.at - end.record.opened_at,
                now - end.at,
                end.kind,
                end.sentence,
            ),
        )
        for end in recorder.ends()
    ]


def _report(record: Record, summary: Summary) -> ConnectionReport:
    events = [ReportedEvent(0.0, "accepted"), *(ReportedEvent(*event) for event in record.events or ())]
    frames = [
        ReportedFrame(at, sent, _TYPES.get(opcode, f"opcode {opcode}"), length)
        for at, sent, opcode, length in record.frames
    ]
    return ConnectionReport(summary, events, frames)
