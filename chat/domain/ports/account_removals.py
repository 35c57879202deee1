"""Accounts that were removed for good, and what is still to be removed of them."""

from collections.abc import Sequence
from typing import Protocol

from chat.domain.accounts.account_removal import OpenRemoval, RemovedAccount, Window


class AccountRemovals(Protocol):
    """What `Users.delete` leaves to be removed in steps. Each step may be repeated, also by another server."""

    async def accounts(self) -> list[RemovedAccount]:
        """Return all accounts that were removed, by id."""
        ...

    async def remove_again(self, accounts: Sequence[RemovedAccount]) -> int:
        """Remove those of these accounts that are still there, as after a restore; return how many."""
        ...

    async def claim(self, by: int, seconds: float, settled_after: float) -> OpenRemoval | None:
        """Return the oldest removal that is not finished, unless a server other than `by` works on it.

        Nobody who is on hold is among them, and nobody while the server is. For so many seconds others leave it to
        `by`. It is settled that many seconds after the account was removed.
        """
        ...

    async def window(self, person_id: int, after_id: int, most: int) -> Window:
        """Return what is to be removed with the messages above `after_id`: at most about `most` writes."""
        ...

    async def clear(self, person_id: int, after_id: int, last_id: int) -> None:
        """Remove what no change of the log removes, of messages above `after_id` up to `last_id`.

        These messages are done now.
        """
        ...

    async def postpone(self, person_id: int, seconds: float) -> None:
        """Leave a removal alone for so many seconds: it has come to a room on hold."""
        ...

    async def finish(self, person_id: int) -> None:
        """Remove what the server has of the person beside messages; the removal is finished."""
        ...
