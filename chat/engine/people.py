"""Open sockets feel what happens to their person, whichever process did it.

The sockets of who was logged out, disabled or deleted are closed, and those of a session that was ended; the others
have the name and the roles of now.
Who is looked up while they come in is looked up again (domain/fresh_reads.py), so nobody slips in between.
"""

from collections.abc import Callable, Sequence

import structlog

from chat.domain.accounts import Accounts
from chat.domain.entities import Person
from chat.engine.presence import Presence
from chat.engine.reconciler import Reconciler

logger = structlog.get_logger(__name__)


class PeopleReconciler(Reconciler):
    """Looks up who was changed, and lets their sockets feel it.

    `gone` is told the id of everybody who was deleted, or None where some may have been; `outdated` at once that of
    everybody who was changed, None: anybody; `found` is told who was looked up, as they are now. All are sync.
    """

    def __init__(
        self,
        accounts: Accounts,
        presence: Presence,
        gone: Callable[[int | None], object] = lambda _id: None,
        *,
        outdated: Callable[[int | None], object] = lambda _id: None,
        found: Callable[[Person], object] = lambda _person: None,
    ) -> None:
        super().__init__(self._apply)
        self._accounts = accounts
        self._presence = presence
        self._gone = gone
        self._outdated = outdated
        self._found = found

    def changed(self, person_id: int | None) -> None:
        """Hear that somebody was changed; None: look at everybody who is here. Sync."""
        self._accounts.changed(person_id)
        self._outdated(person_id)
        if person_id is None:
            self._gone(None)
        self.note(*(self._presence.people() if person_id is None else [person_id]))

    async def recheck_people(self) -> None:
        """Look at everybody who is here. May raise StorageDown. Cancelling: some were looked at."""
        self._accounts.changed(None)
        self._outdated(None)
        self._gone(None)
        self.note(*await self._apply(sorted(self._presence.people())))

    async def _apply(self, ids: Sequence[int]) -> set[int]:
        # A socket that opens during this query is not in it. If its login has ended, its token was authenticated before
        # the notice of that end: which is still to come, and has its person looked at again.
        ended_logins = await self._accounts.ended_among(self._presence.logins(set(ids)))
        found = await self._accounts.look_up(ids)
        # No await between the look and what it changes.
        if ended := self._presence.changed(found, ended_logins):
            logger.info("sockets ended, their people may not stay", people=ended)
        for person_id, person in found.items():
            if person is None:
                self._gone(person_id)
            else:
                self._found(person)
        return set(ids).difference(found)  # they were changed meanwhile
