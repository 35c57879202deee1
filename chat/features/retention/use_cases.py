"""The use cases of retention for all protocols. Cancelling one: it is done whole, or not at all."""

from chat.domain.entities import Person
from chat.domain.refusals import NO_PERSON, NO_ROOM, Code, Refusal
from chat.engine.services import EngineServices
from chat.features.retention.ports import RETENTION
from chat.features.retention.rules import (
    SERVER_HOLD,
    HoldKind,
    RoomRule,
    Rules,
    rule_refusal,
    rules_of,
)

NO_HOLD = Refusal(Code.NOT_FOUND, "there is no such hold", reason="no_hold")
NO_TARGET = Refusal(
    Code.INVALID,
    "a hold on the server has no target; one on a room or a person has its id",
    reason="hold_target",
)
_AT_ONCE = float("inf")
"""As the time of now: rules count from the moment they are set."""


def current_rules(services: EngineServices) -> Rules:
    """Return the rules of the server as they are set now. Sync."""
    return rules_of(services.settings.effective(), _AT_ONCE, grace=0.0)


async def room_rule(services: EngineServices, person: Person, room_id: int) -> RoomRule | Refusal:
    """Return the rule that a room has of its own. Raises StorageDown."""
    access = await services.conversations.enter(person, room_id)
    if isinstance(access, Refusal):
        return access
    return await services.feature_ports[RETENTION].room_rule(room_id)


async def set_room_rule(
    services: EngineServices, person: Person, room_id: int, days: int | None
) -> RoomRule | Refusal:
    """Have the messages of a room kept for so many days; 0: for ever, None: as on the server. Raises StorageDown."""
    access = await services.conversations.enter(person, room_id)
    if isinstance(access, Refusal):
        return access
    rules = current_rules(services)
    if refusal := rule_refusal(access, person, days, rules.message_days, rules.rooms_keep):
        return refusal
    return await _set_rule(services, room_id, RoomRule(days, person.is_admin), person)


async def set_listed_room_rule(
    services: EngineServices, admin: Person, room_id: int, days: int | None
) -> RoomRule | Refusal:
    """The same by an admin, who need not be in the room. Raises StorageDown."""
    return await _set_rule(services, room_id, RoomRule(days, True), admin)


async def _set_rule(services: EngineServices, room_id: int, rule: RoomRule, by: Person) -> RoomRule | Refusal:
    if rule.days is None:
        rule = RoomRule()
    is_set = await services.feature_ports[RETENTION].set_room_rule(room_id, rule, by.id)
    return rule if is_set else NO_ROOM


async def place_hold(
    services: EngineServices, admin: Person, kind: HoldKind, target_id: int, reason: str
) -> Refusal | None:
    """Place a hold on a room, a person or the server: nothing of it is removed. Raises StorageDown."""
    if (kind == "server") != (target_id == SERVER_HOLD):
        return NO_TARGET
    if await services.feature_ports[RETENTION].place(kind, target_id, reason, admin.id):
        return None
    return NO_PERSON if kind == "person" else NO_ROOM


async def lift_hold(services: EngineServices, admin: Person, hold_id: int) -> Refusal | None:
    """Lift a hold. Raises StorageDown."""
    return None if await services.feature_ports[RETENTION].lift(hold_id, admin.id) else NO_HOLD
