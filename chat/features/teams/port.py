"""A team, the rules of its name and size, and the port that keeps teams and whose conversations are."""

import unicodedata
from collections.abc import Sequence
from typing import Protocol

import msgspec

from chat.domain.entities import Peer
from chat.domain.features import Port
from chat.domain.refusals import Code, Refusal

TURN = "support_turn"
"""The kind of the due item by which one of all servers gives conversations to operators; it has one key, `ALL`."""

ALL = "all"

MOST = 20
"""Teams of a server."""

MOST_MEMBERS = 100
"""Operators of a team."""

MOST_CLOSED = 1000
"""Closed conversations whose teams are listed, beside those of all open ones."""

MOST_GIVEN = 50
"""Conversations that one look gives or frees."""

NAME_LENGTH = 32
"""Characters of a name at most."""

BAD_TEAM = Refusal(
    Code.INVALID,
    f"the name of a team has 1 to {NAME_LENGTH} characters that can be seen",
    field="name",
    reason="bad_team_name",
)
TEAM_TAKEN = Refusal(Code.TAKEN, "there is a team with that name", field="name", reason="team_taken")
TOO_MANY_TEAMS = Refusal(
    Code.CONFLICT, f"there are {MOST} teams already: remove one first", reason="too_many_teams"
)
NO_TEAM = Refusal(Code.NOT_FOUND, "there is no such team", reason="no_team")


class Team(msgspec.Struct, frozen=True, kw_only=True):
    """A team. `in_turn`: its conversations are given to operators who are online.

    `is_default`: the conversations of no team are its own; there is one such team at most. `members` are operators.
    """

    id: int
    name: str
    in_turn: bool = False
    is_default: bool = False
    members: tuple[int, ...] = ()


class Unassigned(msgspec.Struct, frozen=True):
    """An open conversation that nobody has, of a team that takes them in turn."""

    room_id: int
    person: Peer
    team_id: int


class Waiting(msgspec.Struct, frozen=True):
    """A conversation of a team whose person waits for its assignee. `is_operator`: they are one still."""

    room_id: int
    person: Peer
    assignee: Peer
    is_operator: bool


def clean_team(name: str) -> str | Refusal:
    """Return the name of a team in NFC, with single spaces, or the refusal. Sync and pure."""
    clean = unicodedata.normalize("NFC", " ".join(name.split()))
    return clean if 1 <= len(clean) <= NAME_LENGTH and clean.isprintable() else BAD_TEAM


class Teams(Protocol):
    """The teams. Each method may raise StorageDown; those that write may raise OutcomeUnknown.

    Cancelling: it was written, or not.
    """

    async def all(self) -> list[Team]:
        """Return all teams, by id, with those of their members who are operators."""
        ...

    async def save(self, team: Team, key: str) -> Team | Refusal:
        """Add a team, whose id is 0, or change one; `key` is the name folded. A new default team replaces another.

        TEAM_TAKEN, TOO_MANY_TEAMS, NO_TEAM: nothing is changed.
        """
        ...

    async def remove(self, team_id: int) -> bool:
        """Remove a team; its conversations are of none then. False: there is none."""
        ...

    async def rooms(self, besides_id: int) -> dict[int, int]:
        """Return the teams by conversation: of those that are open, and of the last `MOST_CLOSED` of others.

        The conversation of the person `besides_id` is left out, and so are those of no team.
        """
        ...

    async def give(self, room_id: int, team_id: int | None) -> int | Refusal | None:
        """Make a conversation that of a team, or of none; return the team before. NO_TEAM: nothing is changed."""
        ...

    async def choose(self, person_id: int, key: str) -> int | Refusal | None:
        """Make a person's own conversation that of the team of this name; return its room.

        None: it stays that of another team, since it has begun. NO_TEAM: there is no such team, or no conversation.
        """
        ...

    async def unassigned(self) -> list[Unassigned]:
        """Return conversations to give, at most `MOST_GIVEN`, the longest waiting first."""
        ...

    async def waiting(self) -> list[Waiting]:
        """Return the conversations of teams whose person waits for an operator, at most 1,000."""
        ...

    async def next_in_turn(self, team_id: int, online: Sequence[int]) -> Peer | None:
        """Return who of these operators of the team was given a conversation longest ago, and note it. None: nobody."""
        ...

    async def absent(self, room_id: int, person_id: int) -> float:
        """Note that the operator of a conversation is offline; return for how many seconds they are."""
        ...

    async def present(self, room_ids: Sequence[int]) -> None:
        """Forget absences of all conversations but these."""
        ...


TEAMS: Port[Teams] = Port("teams")
