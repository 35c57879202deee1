"""Applies changes of people to their open sockets, whichever process made them.

Sockets of people who were logged out, disabled or deleted are closed, and those of a session that was ended. The others
get the new name and roles. A person who changes while they connect is read again (domain/fresh_reads.py), so no change
is missed.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence

import structlog

from chat.domain.accounts.accounts import Accounts
from chat.domain.entities import Person
from chat.engine.presence import Presence
from chat.engine.reconciler import Reconciler

logger = structlog.get_logger(__name__)


class PeopleReconciler(Reconciler):
    """Looks up people who were changed, and applies the changes to their sockets.

    Args:
        accounts: looks them up.
        presence: has their sockets.
        gone: called with the id of each person who was deleted; None: some may have been. Sync.
        outdated: called at once with the id of each person who was changed; None: anybody. Sync.
        found: called with each person who was looked up. Sync.
        nameless: returns those of these people who were deleted with their names; `found` is called with them too.
    """

    def __init__(
        self,
        accounts: Accounts,
        presence: Presence,
        gone: Callable[[int | None], object] = lambda _id: None,
        *,
        outdated: Callable[[int | None], object] = lambda _id: None,
        found: Callable[[Person], object] = lambda _person: None,
        nameless: Callable[[Sequence[int]], Awaitable[list[Person]]] | None = None,
    ) -> None:
        super().__init__(self._apply)
        self._accounts = accounts
        self._presence = presence
        self._gone = gone
        self._outdated = outdated
        self._found = found
        self._nameless = nameless

    def changed(self, person_id: int | None) -> None:
        """Have a changed person looked up; None: everybody who is here. Sync."""
        self._accounts.changed(person_id)
        self._outdated(person_id)
        if person_id is None:
            self._gone(None)
        self.note(*(self._presence.people() if person_id is None else [person_id]))

    def settings_changed(self, names: Collection[str]) -> None:
        """Look everybody up if other people must have a second factor now. Sync."""
        if "second_factor" in names:
            self.note(*self._presence.people())

    async def recheck_people(self) -> None:
        """Look up everybody who is here. May raise StorageDown. Cancelling: some changes are applied."""
        self._accounts.changed(None)
        self._outdated(None)
        self._gone(None)
        self.note(*await self._apply(sorted(self._presence.people())))

    async def _apply(self, ids: Sequence[int]) -> set[int]:
        # A socket that opens during this query is not in it. If its session has ended, its token was authenticated
        # before the notice of that end: the notice is still to come, and has the person looked up again.
        ended_logins = await self._accounts.ended_among(self._presence.logins(set(ids)))
        found = await self._accounts.look_up(ids)
        # No await between the read and its application.
        if ended := self._presence.changed(found, ended_logins, self._accounts.must_set_up):
            logger.info("closed sockets of people who were disabled, deleted or logged out", people=ended)
        for person_id, person in found.items():
            if person is None:
                self._gone(person_id)
            else:
                self._found(person)
        deleted = [person_id for person_id, person in found.items() if person is None]
        if deleted and self._nameless is not None:
            for person in await self._nameless(deleted):
                self._found(person)
        return set(ids).difference(found)  # they were changed meanwhile
