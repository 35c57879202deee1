"""Who makes teams (admins), sees them (operators), and makes a conversation that of a team.

Each function may raise StorageDown, those that write OutcomeUnknown too. Cancelling one: it was done completely, or not
at all, but a conversation may have its new team and its old operator.
"""

from collections.abc import Callable, Sequence

from msgspec import UNSET, UnsetType, structs

from chat.domain.entities import Person, SupportOf
from chat.domain.messages.changes import SupportChange
from chat.domain.messages.live import OperatorEvent
from chat.domain.refusals import Code, Refusal
from chat.domain.rooms.conversations import may_be_assigned, may_lead, may_operate
from chat.domain.text.rules import same_name_key
from chat.domain.timestamps import current_time
from chat.engine.services import EngineServices
from chat.features.teams.port import MOST_MEMBERS, NO_TEAM, TEAMS, Team, clean_team
from chat.features.teams.turns import look_soon

TOO_MANY_MEMBERS = Refusal(
    Code.INVALID,
    f"a team has at most {MOST_MEMBERS} operators",
    field="members",
    reason="too_many_team_members",
)
OWN_TEAM = Refusal(
    Code.FORBIDDEN, "the team of your own conversation is for other operators", reason="own_conversation_team"
)

EventOf = Callable[[int | UnsetType, int | UnsetType | None], str]
"""Returns the event of a conversation and its team, or without them that of all teams."""


async def teams(services: EngineServices, person: Person) -> tuple[list[Team], dict[int, int]] | Refusal:
    """Return all teams, and for operators the teams of conversations."""
    if not person.is_admin and (refusal := may_operate(person)):
        return refusal
    table = services.feature_ports[TEAMS]
    return await table.all(), await table.rooms(person.id) if person.is_operator else {}


async def save(services: EngineServices, team: Team, event_of: EventOf) -> Team | Refusal:
    """Add a team (its id is 0) or change one, and publish the event of all teams to operators."""
    name = clean_team(team.name)
    if isinstance(name, Refusal):
        return name
    if refusal := await _wrong_members(services, team.members):
        return refusal
    saved = await services.feature_ports[TEAMS].save(structs.replace(team, name=name), same_name_key(name))
    if not isinstance(saved, Refusal):
        services.notices.publish(OperatorEvent(0, event_of(UNSET, UNSET)))
    return saved


async def _wrong_members(services: EngineServices, members: Sequence[int]) -> Refusal | None:
    if len(members) > MOST_MEMBERS:
        return TOO_MANY_MEMBERS
    found = await services.accounts.look_up(members)
    for each in members:
        if refusal := may_be_assigned(found.get(each)):
            return structs.replace(refusal, field="members")
    return None


async def remove(services: EngineServices, team_id: int, event_of: EventOf) -> Refusal | None:
    """Remove a team, and publish the event of all teams to operators."""
    if not await services.feature_ports[TEAMS].remove(team_id):
        return NO_TEAM
    services.notices.publish(OperatorEvent(0, event_of(UNSET, UNSET)))
    return None


async def give(
    services: EngineServices,
    person: Person,
    room_id: int,
    team_id: int | None,
    was: int | UnsetType | None,
    event_of: EventOf,
) -> Refusal | None:
    """Hand a conversation over to a team, which frees it; None: it is of no team, and stays with its operator.

    `was` is the operator whom it must have now. The team's event is published to operators.
    """
    access = await services.conversations.enter(person, room_id)
    if isinstance(access, Refusal):
        return access
    if refusal := may_lead(access, person):
        return refusal
    assert isinstance(access.people, SupportOf)  # may_lead() has checked it
    about = access.people.person.id
    if about == person.id:
        return OWN_TEAM
    table = services.feature_ports[TEAMS]
    before = await table.give(room_id, team_id)
    if isinstance(before, Refusal):
        return before
    if team_id is not None:
        # The team comes first: otherwise the one before could be given the conversation in its turn.
        change = SupportChange(room_id, person.id, current_time(), access.people, assignee=None, was=was)
        outcome = await services.writes.write(change)
        if isinstance(outcome, Refusal):
            await table.give(room_id, before)
            return outcome
    services.notices.publish(OperatorEvent(about, event_of(room_id, team_id)))
    await look_soon(services)
    return None


async def choose(services: EngineServices, person: Person, name: str, event_of: EventOf) -> Refusal | None:
    """Make one's own conversation, before it begins, that of the team of this name."""
    room_id = await services.feature_ports[TEAMS].choose(person.id, same_name_key(" ".join(name.split())))
    if isinstance(room_id, Refusal):
        return room_id
    if room_id is not None:
        found = await services.feature_ports[TEAMS].rooms(0)
        services.notices.publish(OperatorEvent(person.id, event_of(room_id, found.get(room_id))))
    return None
