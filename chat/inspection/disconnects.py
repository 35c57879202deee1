"""Why a connection ended: a sentence for each reason, and whether the end was normal."""

import time
from pathlib import Path
from traceback import walk_tb
from typing import NamedTuple

import trio
from trio_websocket import CloseReason

from chat.domain.closing import (
    CRASHED,
    CUT_BY_ADMIN,
    GOING_AWAY,
    NO_PONG,
    OUTCOME_UNKNOWN,
    RESTARTING,
    TOO_BIG,
    TOO_SLOW,
)
from chat.inspection.recorder import End, Open, Record, Recorder

_USUAL = frozenset({1000, 1001, 1005})
"""Close codes with which a client ends a connection as it should (RFC 6455, section 7.4.1)."""

_FAULTS = {
    1002: "broke the WebSocket protocol",
    1003: "sent data of a type that is not accepted",
    1007: "sent text that is not UTF-8",
    1009: "sent a message that is too big",
}
"""What trio-websocket ends a connection for by itself."""

_ROOT = Path(__file__).parent.parent.parent


class Cause(NamedTuple):
    """Why a connection ended. `usual`: a normal end, which is not kept."""

    kind: str
    sentence: str
    usual: bool = False


def record_end(recorder: Recorder, record: Record, reason: CloseReason | None) -> None:
    """Record why a session has ended, unless the end was normal. Sync.

    `reason` is trio-websocket's.
    """
    known = recorder.forget(record)
    if known is None:
        return
    cause = cause_of(known, reason)
    record.note(f"ended: {cause.kind}")
    if not cause.usual:
        session = known.session
        name = None if session.person is None else session.person.name
        recorder.keep(
            End(
                record,
                session.address,
                name,
                session.dialect.name,
                cause.kind,
                cause.sentence,
                trio.current_time(),
                time.time(),
            )
        )


def record_crash(recorder: Recorder, record: Record, error: BaseException) -> None:
    """Record that a bug has ended the connection, in place of the reason recorded before. Sync."""
    place = _place(error)
    record.note(f"failed: {place}")
    sentence = (
        f"A bug of the server ended it, and only it: {place} ({CRASHED.code}). The log has the traceback."
    )
    recorder.reclassify(record, "crash", sentence)


def cause_of(known: Open, reason: CloseReason | None) -> Cause:
    """Return why a connection ended, from its record."""
    record = known.record
    code = None if reason is None else reason.code
    if record.cut:
        return Cause("cut by an administrator", f"An administrator ended it ({CUT_BY_ADMIN.code}).")
    if record.closing is not None:
        return _closed_by_us(known)
    if record.too_many_fragments:
        return Cause("too big", f"The client sent one message in too many fragments ({TOO_BIG.code}).")
    if record.peer_closed:
        if code is None or code in _USUAL:
            return Cause("closed by the client", "The client closed it, as it should.", usual=True)
        return Cause("closed by the client", f"The client closed it, with code {code}.")
    if reason is not None and code in _FAULTS:
        why = (reason.reason or "").rstrip(".")
        return Cause(
            "too big" if code == TOO_BIG.code else "protocol error",
            f"The client {_FAULTS[code]}{': ' + ascii(why)[1:-1] if why else ''} ({code}).",
        )
    if record.peer_ended:
        return Cause("lost", "The client ended TCP without a close frame: it went away without a goodbye.")
    if reason is not None:
        return Cause(
            "reset",
            "The connection was reset: the client's process was killed, or the network between broke.",
        )
    return Cause("cut", "The server cut it off without a goodbye; the grace period of a stop does that.")


def _closed_by_us(known: Open) -> Cause:
    record, session, now = known.record, known.session, trio.current_time()
    match record.closing:
        case closing if closing is TOO_SLOW and record.waiting > session.send_queue.limit:
            why = f"{record.waiting:,} bytes waited for it, and no more than {session.send_queue.limit:,} may"
            return Cause("too slow", f"The client read too slowly: {why} ({TOO_SLOW.code}).")
        case closing if closing is TOO_SLOW:
            why = f"{record.waiting:,} bytes waited for it, and none could be written for too long"
            return Cause("too slow", f"The client read nothing: {why} ({TOO_SLOW.code}).")
        case closing if closing is NO_PONG:
            silence = f"{now - session.receiver.last_received_at:.0f} s"
            sentence = (
                f"Nothing came from the client for {silence}, not even an answer to a ping ({NO_PONG.code})."
            )
            return Cause("no pong", sentence)
        case closing if closing is GOING_AWAY:
            sentence = f"The server was stopping, and said so ({GOING_AWAY.code})."
            return Cause("going away", sentence, usual=True)
        case closing if closing is RESTARTING:
            sentence = f"The worker that served it was replaced, and said so ({RESTARTING.code})."
            return Cause("restarting", sentence, usual=True)
        case closing if closing is OUTCOME_UNKNOWN:
            sentence = (
                f"The database did not say in time whether a message was saved ({OUTCOME_UNKNOWN.code})."
            )
            return Cause("outcome unknown", sentence)
        case closing:
            assert closing is not None
            return Cause("closed", f"The server closed it: {closing.reason} ({closing.code}).")


def _place(error: BaseException) -> str:
    """Return type and place of an error; not its text, which may quote a client."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    place = ""
    for frame, line in walk_tb(error.__traceback__):
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(_ROOT / "chat"):
            place = f" at {path.relative_to(_ROOT)}:{line} {frame.f_code.co_qualname}"
    return f"{type(error).__name__}{place}"
