"""Teams in the native protocol: over HTTP, and the event for the sockets of operators."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType, structs

from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.teams import port, use_cases
from chat.features.teams.port import MOST, MOST_MEMBERS, NO_TEAM, TEAMS
from chat.operations.operation import NO_ACCESS, Access, Caller, Cost, Operation
from chat.operations.values import Id, Value

_Name = Annotated[str, Meta(description="1 to 32 characters; of each name there is one team")]
_Members = Annotated[
    tuple[Id, ...], Meta(max_length=2 * MOST_MEMBERS, description=f"Operators, at most {MOST_MEMBERS}")
]


class Team(Value, kw_only=True, frozen=True):
    """A team of operators. `in_turn`: its conversations are given to those who are online, in turn.

    `default`: conversations of no team are its own; there is at most one such team.
    """

    id: Id
    name: _Name
    in_turn: bool = False
    default: bool = False
    members: Annotated[tuple[Id, ...], Meta(max_length=MOST_MEMBERS)] = ()


class TeamOf(Value, kw_only=True, frozen=True):
    """The team of a support conversation, by its id."""

    room: Id
    team: Id


class Teams(Value, kw_only=True, frozen=True):
    """All teams, in the order in which they were made.

    `rooms`, for operators: which conversations are of a team; those that are open, and the last thousand of others.
    """

    teams: Annotated[list[Team], Meta(max_length=MOST)]
    rooms: tuple[TeamOf, ...] = ()


class AddTeam(Value, kw_only=True, frozen=True):
    """A new team."""

    name: _Name
    in_turn: bool = False
    default: bool = False
    members: _Members = ()


class ChangeTeam(Value, kw_only=True, frozen=True):
    """Changes of a team; fields that are left out stay."""

    team: Id
    name: _Name | UnsetType = UNSET
    in_turn: bool | UnsetType = UNSET
    default: bool | UnsetType = UNSET
    members: _Members | UnsetType = UNSET


class WhichTeam(Value, kw_only=True, frozen=True):
    """A team."""

    team: Id


class GiveToTeam(Value, kw_only=True, frozen=True):
    """Hands a conversation over to a team, which frees it; without one it is of no team.

    `was` is the assignee that the conversation must have now, null for none; else it is refused.
    """

    room: Id
    team: Id | None = None
    was: Id | UnsetType | None = UNSET


class ChooseTeam(Value, kw_only=True, frozen=True):
    """The name of the team that one's conversation begins with."""

    team: Annotated[str, Meta(max_length=200)]


class TeamsEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="teams"):
    """The team of a conversation now, null for none; without `room`, the teams have changed. For operators."""

    room: Id | UnsetType = UNSET
    team: Id | UnsetType | None = UNSET


async def teams(services: EngineServices, caller: Caller, _request: None) -> Teams | Refusal:
    """List all teams, as an operator or admin, and for operators whose conversations are."""
    found = await use_cases.teams(services, caller.known)
    if isinstance(found, Refusal):
        return found
    all_teams, rooms = found
    return Teams(
        teams=list(map(_team, all_teams)),
        rooms=tuple(TeamOf(room=room, team=team) for room, team in rooms.items()),
    )


async def add_team(services: EngineServices, _caller: Caller, request: AddTeam) -> Team | Refusal:
    """Add a team of operators."""
    team = port.Team(
        id=0,
        name=request.name,
        in_turn=request.in_turn,
        is_default=request.default,
        members=request.members,
    )
    added = await use_cases.save(services, team, _event)
    return added if isinstance(added, Refusal) else _team(added)


async def change_team(services: EngineServices, _caller: Caller, request: ChangeTeam) -> Team | Refusal:
    """Change a team: its name, its operators, and how it takes conversations."""
    known = next(
        (each for each in await services.feature_ports[TEAMS].all() if each.id == request.team), None
    )
    if known is None:
        return NO_TEAM
    wanted = {
        "name": request.name,
        "in_turn": request.in_turn,
        "is_default": request.default,
        "members": request.members,
    }
    team = structs.replace(known, **{name: value for name, value in wanted.items() if value is not UNSET})
    changed = await use_cases.save(services, team, _event)
    return changed if isinstance(changed, Refusal) else _team(changed)


async def remove_team(services: EngineServices, _caller: Caller, request: WhichTeam) -> Refusal | None:
    """Remove a team; its conversations are of none then."""
    return await use_cases.remove(services, request.team, _event)


async def give_to_team(services: EngineServices, caller: Caller, request: GiveToTeam) -> Refusal | None:
    """Hand a support conversation over to a team, as an operator."""
    return await use_cases.give(services, caller.known, request.room, request.team, request.was, _event)


async def choose_team(services: EngineServices, caller: Caller, request: ChooseTeam) -> Refusal | None:
    """Choose the team of one's own support conversation, before it begins."""
    return await use_cases.choose(services, caller.known, request.team, _event)


def _team(team: port.Team) -> Team:
    return Team(
        id=team.id, name=team.name, in_turn=team.in_turn, default=team.is_default, members=team.members
    )


def _event(room_id: int | UnsetType, team_id: int | UnsetType | None) -> str:
    return msgspec.json.encode(TeamsEvent(room=room_id, team=team_id)).decode()


_REFUSED = (Code.INVALID, Code.FORBIDDEN, Code.TAKEN, Code.NOT_FOUND, Code.CONFLICT, Code.OUTCOME_UNKNOWN)

OPERATIONS = (
    Operation(
        name="teams",
        method="GET",
        path="/support/teams",
        reply=Teams,
        cost=Cost.TEXTS,
        refuses=(Code.FORBIDDEN,),
        handler=teams,
    ),
    Operation(
        name="add_team",
        method="POST",
        path="/admin/teams",
        request=AddTeam,
        reply=Team,
        status=201,
        access=Access.ADMIN,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=add_team,
    ),
    Operation(
        name="change_team",
        method="PATCH",
        path="/admin/teams/{team}",
        request=ChangeTeam,
        reply=Team,
        access=Access.ADMIN,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=change_team,
    ),
    Operation(
        name="remove_team",
        method="DELETE",
        path="/admin/teams/{team}",
        request=WhichTeam,
        status=204,
        access=Access.ADMIN,
        cost=Cost.MESSAGE,
        refuses=(*NO_ACCESS, Code.OUTCOME_UNKNOWN),
        handler=remove_team,
    ),
    Operation(
        name="give_to_team",
        method="PUT",
        path="/support/{room}/team",
        request=GiveToTeam,
        status=204,
        cost=Cost.MESSAGE,
        refuses=(*NO_ACCESS, Code.CONFLICT, Code.OUTCOME_UNKNOWN),
        handler=give_to_team,
    ),
    Operation(
        name="choose_team",
        method="PUT",
        path="/support/team",
        request=ChooseTeam,
        status=204,
        visitors=True,
        cost=Cost.MESSAGE,
        refuses=(Code.NOT_FOUND, Code.OUTCOME_UNKNOWN),
        handler=choose_team,
    ),
)
