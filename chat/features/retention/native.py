"""Retention in the native protocol: rules of rooms, holds, counts of expired messages, and the event."""

import time
from typing import Annotated

from msgspec import Meta

from chat.domain.limits.bounds import Days, RoomsKeep
from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.retention import use_cases
from chat.features.retention.changes import Trimmed
from chat.features.retention.counting import expired
from chat.features.retention.ports import RETENTION
from chat.features.retention.rules import (
    HoldKind,
    Kind,
    Reason,
    RoomRule,
    effective_days,
    rules_of,
)
from chat.operations.operation import NO_ACCESS, Access, Caller, Cost, Operation
from chat.operations.room_values import Logged, Sender, Seq
from chat.operations.values import Id, Time, Value


class RuleOf(Value, kw_only=True, frozen=True):
    """A room, for how long messages are kept there."""

    room: Id


class SetRule(RuleOf, kw_only=True, frozen=True):
    """For how many days the messages of a room are kept; 0: for ever, null: as on the server."""

    days: Days | None = None


class SetListedRule(SetRule, kw_only=True, frozen=True):
    """The same, as an admin."""


class RoomRetention(Value, kw_only=True, frozen=True):
    """For how many `days` the messages of a room are kept; 0: for ever.

    `own`: the room has a rule of its own; else it is that of the server, `server_days`. `rooms_keep`: whether owners
    may have other rules: none (`server`), shorter ones, or any.
    """

    days: Days
    own: bool = False
    server_days: Days
    rooms_keep: RoomsKeep


class Hold(Value, kw_only=True, frozen=True):
    """A hold, and its reason: nothing of its target is removed by age or with an account, until it is lifted.

    `target` is the id of the room or person; `name` is its name of today.
    """

    id: Id
    kind: HoldKind
    target: Id | None = None
    name: str | None = None
    reason: str
    at: Time
    by: Sender | None = None


class Holds(Value, kw_only=True, frozen=True):
    """All holds, the oldest first."""

    holds: list[Hold]


class PlaceHold(Value, kw_only=True, frozen=True):
    """A hold to place on a room, a person (`target`) or the server. Placed again it has another reason."""

    kind: HoldKind
    target: Id | None = None
    reason: Reason


class WhichHold(Value, kw_only=True, frozen=True):
    """A hold."""

    hold: Id


class OverdueCount(Value, kw_only=True, frozen=True):
    """How many of a kind are older than the rules allow, and the time of the oldest."""

    kind: Kind
    count: Annotated[int, Meta(ge=0)]
    oldest: Time | None = None


class OverdueCounts(Value, kw_only=True, frozen=True):
    """What would be removed now. What stays because of a hold on a person is counted too."""

    overdue: list[OverdueCount]


class TrimmedEvent(Logged, kw_only=True, frozen=True, tag_field="type", tag="trimmed"):
    """The messages of the room below `first` are removed."""

    first: Seq


def trimmed_event(change: Trimmed) -> TrimmedEvent:
    """Return the event of the change. Sync and pure."""
    return TrimmedEvent(
        room=change.room_id, pos=change.pos, at=milliseconds(change.created_at), first=change.first
    )


async def room_retention(
    services: EngineServices, caller: Caller, request: RuleOf
) -> RoomRetention | Refusal:
    """Get for how long the messages of a room are kept."""
    return _as_rule(services, await use_cases.room_rule(services, caller.known, request.room))


async def set_room_retention(
    services: EngineServices, caller: Caller, request: SetRule
) -> RoomRetention | Refusal:
    """Set for how long the messages of a room are kept, as its owner; the rule removes nothing for an hour."""
    rule = await use_cases.set_room_rule(services, caller.known, request.room, request.days)
    return _as_rule(services, rule)


async def set_listed_room_retention(
    services: EngineServices, caller: Caller, request: SetListedRule
) -> RoomRetention | Refusal:
    """Set for how long the messages of any room are kept, as an admin; the rule removes nothing for an hour."""
    rule = await use_cases.set_listed_room_rule(services, caller.known, request.room, request.days)
    return _as_rule(services, rule)


async def holds(services: EngineServices, _caller: Caller, _request: None) -> Holds:
    """List the holds."""
    found = await services.feature_ports[RETENTION].holds()
    return Holds(
        holds=[
            Hold(
                id=each.id,
                kind=each.kind,
                target=each.target_id or None,
                name=each.name,
                reason=each.reason,
                at=milliseconds(each.at),
                by=None if each.by is None else Sender(id=each.by.id, name=each.by.name),
            )
            for each in found
        ]
    )


async def place_hold(services: EngineServices, caller: Caller, request: PlaceHold) -> Holds | Refusal:
    """Place a hold, and list all."""
    refusal = await use_cases.place_hold(
        services, caller.known, request.kind, request.target or 0, request.reason
    )
    return refusal or await holds(services, caller, None)


async def lift_hold(services: EngineServices, caller: Caller, request: WhichHold) -> Holds | Refusal:
    """Lift a hold, and list those that are left."""
    return await use_cases.lift_hold(services, caller.known, request.hold) or await holds(
        services, caller, None
    )


async def overdue(services: EngineServices, _caller: Caller, _request: None) -> OverdueCounts:
    """Count what would be removed now by the rules as they are set."""
    rules = rules_of(services.settings.effective(), time.time(), grace=0.0)
    return OverdueCounts(
        overdue=[
            OverdueCount(
                kind=each.kind,
                count=each.count,
                oldest=None if each.oldest is None else milliseconds(each.oldest),
            )
            for each in await expired(services.feature_ports, rules)
        ]
    )


def _as_rule(services: EngineServices, rule: RoomRule | Refusal) -> RoomRetention | Refusal:
    if isinstance(rule, Refusal):
        return rule
    rules = use_cases.current_rules(services)
    return RoomRetention(
        days=effective_days(rules, rule),
        own=rule.days is not None,
        server_days=rules.message_days,
        rooms_keep=rules.rooms_keep,
    )


_HOLDS = "/admin/holds"

OPERATIONS = (
    Operation(
        name="room_retention",
        method="GET",
        path="/rooms/{room}/retention",
        request=RuleOf,
        reply=RoomRetention,
        refuses=NO_ACCESS,
        handler=room_retention,
    ),
    Operation(
        name="set_room_retention",
        method="PUT",
        path="/rooms/{room}/retention",
        request=SetRule,
        reply=RoomRetention,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(*NO_ACCESS, Code.OUTCOME_UNKNOWN),
        handler=set_room_retention,
    ),
    Operation(
        name="set_listed_room_retention",
        method="PUT",
        path="/admin/rooms/{room}/retention",
        request=SetListedRule,
        reply=RoomRetention,
        access=Access.ADMIN,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.FORBIDDEN, Code.NOT_FOUND, Code.OUTCOME_UNKNOWN),
        handler=set_listed_room_retention,
    ),
    Operation(
        name="holds",
        method="GET",
        path=_HOLDS,
        reply=Holds,
        access=Access.ADMIN,
        refuses=(Code.FORBIDDEN,),
        handler=holds,
    ),
    Operation(
        name="place_hold",
        method="POST",
        path=_HOLDS,
        request=PlaceHold,
        reply=Holds,
        status=201,
        access=Access.ADMIN,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.INVALID, Code.FORBIDDEN, Code.NOT_FOUND, Code.OUTCOME_UNKNOWN),
        handler=place_hold,
    ),
    Operation(
        name="lift_hold",
        method="DELETE",
        path=f"{_HOLDS}/{{hold}}",
        request=WhichHold,
        reply=Holds,
        access=Access.ADMIN,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.FORBIDDEN, Code.NOT_FOUND, Code.OUTCOME_UNKNOWN),
        handler=lift_hold,
    ),
    Operation(
        name="overdue",
        method="GET",
        path="/admin/retention",
        reply=OverdueCounts,
        access=Access.ADMIN,
        cost=Cost.MESSAGE,
        refuses=(Code.FORBIDDEN,),
        handler=overdue,
    ),
)
