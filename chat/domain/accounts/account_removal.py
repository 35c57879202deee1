"""How an account is removed for good. All of it is sync and pure."""

from enum import StrEnum
from uuid import UUID

import msgspec

from chat.domain.administration.audit import Act, What
from chat.domain.messages.changes import Deletion, Reaction


class How(StrEnum):
    """What is removed with an account; each removes what the one before removes."""

    LEAVE = "leave"
    """Sessions, password and email address. Messages stay, under the name, which nobody else can take."""
    ANONYMISE = "anonymise"
    """The names too, wherever they were shown. Messages stay."""
    ERASE = "erase"
    """Messages, their edits and files, and reactions too."""

    def removes_more_than(self, other: "How") -> bool:
        """Whether this removes more than `other` does."""
        return [*How].index(self) > [*How].index(other)


class RemovedAccount(msgspec.Struct, frozen=True):
    """An account that was removed, without its name. Times are in microseconds of Unix time: they are compared."""

    person: int
    created: int
    how: How
    removed: int


class ListedRemoval(RemovedAccount, frozen=True):
    """A line of the list that outlives the database (`storage/removal_list.py`); `store` identifies the database."""

    store: UUID


class OpenRemoval(msgspec.Struct, frozen=True):
    """A removal that a server works on: all messages with ids up to `done_id` are done.

    `is_settled`: no write from before the removal can be committed any more.
    """

    person_id: int
    how: How
    done_id: int
    is_settled: bool


class Window(msgspec.Struct, frozen=True):
    """What is to be removed of a person with the messages up to the id `last_id`. `is_end`: the log ends there.

    `is_held`: the next message is in a room on hold, and the removal can't go on.
    """

    writes: list[Deletion | Reaction]
    last_id: int
    is_end: bool
    is_held: bool = False


_WHAT = {
    How.LEAVE: What.PERSON_DELETED,
    How.ANONYMISE: What.PERSON_ANONYMISED,
    How.ERASE: What.PERSON_ERASED,
}


def removal_act(person_id: int, how: How, by_id: int | None, detail: str = "") -> Act:
    """Return the act of removing an account."""
    return Act(by_id=by_id, what=_WHAT[how], person_id=person_id, detail=detail)


def end_act(person_id: int) -> Act:
    """Return the act of the server that has erased all texts of a person."""
    return Act(by_id=None, what=What.ERASURE_ENDED, person_id=person_id)


def nameless(person_id: int, spare: str = "") -> str:
    """Return the name under which the messages of a person without a name stand; `spare` makes it another one."""
    return f"deleted-{person_id}{spare and '-'}{spare}"
