"""Opening a group: the room of a set of people, who are its members and stay the same."""

from collections.abc import Collection, Sequence
from typing import Protocol

import msgspec

from chat.domain.entities import Person
from chat.domain.features import Port
from chat.domain.messages.changes import Addition
from chat.domain.refusals import ALREADY_IN, Code, Refusal
from chat.engine.services import EngineServices

FEWEST_PEOPLE = 3
MOST_PEOPLE = 9
"""People of a group, with the one who opens it."""

GROUP_SIZE = Refusal(
    Code.INVALID, "a group has 3 to 9 people, oneself among them", field="people", reason="group_size"
)


class Group(msgspec.Struct, frozen=True):
    """The room of a group, and those of its people who are no members yet."""

    room_id: int
    missing: Sequence[int]


class Groups(Protocol):
    """Which people have which room. The method may raise StorageDown and OutcomeUnknown."""

    async def open(self, maker_id: int, people: Sequence[int]) -> Group | Refusal:
        """Return the group of these people (ids in ascending order); the first call makes its room, without members.

        NO_PERSON: not all of them are there. BLOCKED: one of them blocks the maker, and there is no such group yet.
        Cancelling: the room was made, or not.
        """
        ...


GROUPS = Port[Groups]("groups")


async def open_group(services: EngineServices, person: Person, others: Collection[int]) -> int | Refusal:
    """Return the id of the room of the person and these others; the first call makes it.

    Raises StorageDown and OutcomeUnknown. Cancelling: some of them may be members already; the next call completes it.
    """
    people = sorted({person.id, *others})
    if not FEWEST_PEOPLE <= len(people) <= MOST_PEOPLE:
        return GROUP_SIZE
    group = await services.feature_ports[GROUPS].open(person.id, people)
    if isinstance(group, Refusal):
        return group
    for person_id in group.missing:
        each = await services.accounts.person(person_id)
        if each is None:
            continue  # deleted meanwhile
        # By the server: in a group nobody may add people.
        joining = services.rooms.joining(each, group.room_id)
        outcome = await services.writes.write(Addition(joining, None))
        if isinstance(outcome, Refusal) and outcome is not ALREADY_IN:
            return outcome
    return group.room_id
