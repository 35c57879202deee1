"""Reports in the native protocol, over HTTP, and the event for moderators."""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chat.domain.entities import RoomKind
from chat.domain.messages.live import OwnEvent
from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import Code, Refusal
from chat.domain.text.rules import clean_text
from chat.engine.services import EngineServices
from chat.features.reports import port, use_cases
from chat.features.reports.port import SHOWN
from chat.operations import room_values
from chat.operations.operation import NO_ACCESS, REFUSED_WRITES, AlreadyDone, Caller, Cost, Operation
from chat.operations.room_values import Sender, Seq, Text, WhichMessage
from chat.operations.values import PLACE, Id, Limit, Name, Time, Value

_EVER = 2**63 - 1
_MOST = 20
"""Reported messages of one answer, which has their texts."""

Reason = Literal["spam", "harassment", "hate", "private", "other"]
Deed = Literal["delete", "ban", "disable"]

_DEEDS: tuple[tuple[Deed, str], ...] = (("delete", "deleted"), ("ban", "banned"), ("disable", "disabled"))


class ReportMessage(WhichMessage, kw_only=True, frozen=True):
    """A message to report, why, and perhaps a comment for the moderators."""

    reason: Reason
    comment: Annotated[str, Meta(max_length=500)] = ""


class ReportTaken(Value, kw_only=True, frozen=True):
    """When one has reported the message."""

    at: Time


class WhichReports(Value, kw_only=True, frozen=True):
    """A page of reported messages: those to be handled, or those that were handled in the last 90 days."""

    state: Literal["open", "handled"] = "open"
    after: Annotated[Id, Meta(description=PLACE)] | None = None
    limit: Limit = 20


class Report(Value, kw_only=True, frozen=True):
    """One person's report. `text` is that of the message then, where it was another one than at the first report."""

    by: Sender
    at: Time
    reason: Annotated[str, Meta(description="As in the request; later versions may have others")]
    comment: str = ""
    text: Text | None = None


class HandledReport(Value, kw_only=True, frozen=True):
    """When and by whom the reports of a message were handled, and by which deeds; none: they were dismissed."""

    at: Time
    by: Sender | None = None
    done: tuple[Deed, ...] = ()


class ReportedMessage(Value, kw_only=True, frozen=True):
    """A reported message, with its text and the names of its files as they were at the first report.

    `kind` is missing if the room is deleted. `name` is that of a public room, or of one that the caller may read
    (`readable`). `may` is what the caller may do. `reports` are the first ten of `count`.
    """

    id: Id
    room: Id
    seq: Seq
    kind: room_values.RoomKind | None = None
    name: Name | None = None
    readable: bool = False
    author: Sender
    at: Time
    text: Text = ""
    files: tuple[str, ...] = ()
    deleted: Annotated[bool, Meta(description="Whether the message is deleted by now")] = False
    may: tuple[Deed, ...] = ()
    reports: Annotated[list[Report], Meta(max_length=SHOWN)]
    count: Annotated[int, Meta(ge=0)]
    handled: HandledReport | None = None


class ReportedMessages(Value, kw_only=True, frozen=True):
    """Reported messages, the last first. If there are more, `next` is the `after` of the next page."""

    reported: list[ReportedMessage]
    next: Id | None = None


class ReportCount(Value, kw_only=True, frozen=True, omit_defaults=False):
    """How many reported messages the caller has to handle."""

    open: room_values.UpTo100


class HandleReports(Value, kw_only=True, frozen=True):
    """What to do about a reported message; nothing: its reports are dismissed."""

    reported: Id
    delete: Annotated[bool, Meta(description="Delete the message")] = False
    ban: Annotated[bool, Meta(description="Ban its author from the room")] = False
    disable: Annotated[bool, Meta(description="Disable its author's account, as an admin")] = False


class ReportsEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="reports"):
    """The reports that a moderator sees have changed."""


async def report_message(
    services: EngineServices, caller: Caller, request: ReportMessage
) -> ReportTaken | AlreadyDone | Refusal:
    """Report a message to the moderators of the server."""
    comment = clean_text(request.comment, may_be_empty=True)
    if isinstance(comment, Refusal):
        return comment
    taken = await use_cases.report(services, caller.known, request.room, request.seq, request.reason, comment)
    if isinstance(taken, Refusal):
        return taken
    # No await between here and the moderators' sockets.
    _notify(services, taken.moderators)
    reply = ReportTaken(at=milliseconds(taken.at))
    return reply if taken.is_new else AlreadyDone(reply)


async def reports(
    services: EngineServices, caller: Caller, request: WhichReports
) -> ReportedMessages | Refusal:
    """List the messages that were reported, as a moderator or admin of the server."""
    before = _EVER if request.after is None else request.after
    most = min(request.limit, _MOST)
    found = await use_cases.page(services, caller.known, before, most + 1, handled=request.state == "handled")
    if isinstance(found, Refusal):
        return found
    page = found[:most]
    return ReportedMessages(
        reported=[_reported(each) for each in page],
        next=page[-1].reported.id if len(found) > len(page) else None,
    )


async def report_count(services: EngineServices, caller: Caller, _request: None) -> ReportCount | Refusal:
    """Count the reported messages that are to be handled, as a moderator or admin of the server."""
    found = await use_cases.count(services, caller.known)
    return found if isinstance(found, Refusal) else ReportCount(open=found)


async def handle_reports(
    services: EngineServices, caller: Caller, request: HandleReports
) -> ReportedMessage | Refusal:
    """Act on a reported message, or dismiss its reports, as a moderator or admin of the server."""
    wanted = port.Done(request.delete, request.ban, request.disable)
    handled = await use_cases.handle(services, caller.known, request.reported, wanted)
    if isinstance(handled, Refusal):
        return handled
    shown, moderators = handled
    _notify(services, moderators)
    return _reported(shown)


def _notify(services: EngineServices, moderators: Sequence[int]) -> None:
    event = msgspec.json.encode(ReportsEvent()).decode()
    for person_id in moderators:
        services.notices.publish(OwnEvent(person_id, event))


def _reported(shown: use_cases.Shown) -> ReportedMessage:
    reported, room = shown.reported, shown.room
    has_name = room is not None and (
        shown.is_readable or (room.kind is RoomKind.ROOM and not room.is_private)
    )
    handled = reported.handled
    return ReportedMessage(
        id=reported.id,
        room=reported.room_id,
        seq=reported.seq,
        kind=None if room is None else room.kind.value,
        name=room.name if room is not None and has_name else None,
        readable=shown.is_readable,
        author=Sender(id=reported.author.id, name=reported.author.name),
        at=milliseconds(reported.said_at),
        text=reported.text,
        files=reported.files,
        deleted=reported.is_deleted,
        may=_deeds(shown.may),
        reports=[
            Report(
                by=Sender(id=each.by.id, name=each.by.name),
                at=milliseconds(each.at),
                reason=each.reason,
                comment=each.comment,
                text=each.text,
            )
            for each in reported.reports
        ],
        count=reported.count,
        handled=None
        if handled is None
        else HandledReport(
            at=milliseconds(handled.at),
            by=None if handled.by is None else Sender(id=handled.by.id, name=handled.by.name),
            done=_deeds(handled.done),
        ),
    )


def _deeds(done: port.Done) -> tuple[Deed, ...]:
    return tuple(deed for deed, name in _DEEDS if getattr(done, name))


OPERATIONS = (
    Operation(
        name="report_message",
        method="POST",
        path="/rooms/{room}/messages/{seq}/report",
        request=ReportMessage,
        reply=ReportTaken,
        status=201,
        repeated=200,
        cost=Cost.MESSAGE,
        refuses=(*REFUSED_WRITES, Code.TOO_MANY),
        handler=report_message,
    ),
    Operation(
        name="reports",
        method="GET",
        path="/reports",
        request=WhichReports,
        reply=ReportedMessages,
        cost=Cost.PAGE,
        refuses=(Code.FORBIDDEN,),
        handler=reports,
    ),
    Operation(
        name="report_count",
        method="GET",
        path="/reports/count",
        reply=ReportCount,
        refuses=(Code.FORBIDDEN,),
        handler=report_count,
    ),
    Operation(
        name="handle_reports",
        method="PUT",
        path="/reports/{reported}",
        request=HandleReports,
        reply=ReportedMessage,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(*NO_ACCESS, Code.CONFLICT, Code.OUTCOME_UNKNOWN),
        handler=handle_reports,
    ),
)
