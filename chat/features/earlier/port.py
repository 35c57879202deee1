"""The port that finds the other conversations with an email address."""

from typing import Protocol

from chat.domain.features import Port

MOST = 20
"""Conversations that are found at most."""


class Earlier(Protocol):
    """Finds conversations. May raise StorageDown. Cancelling changes nothing."""

    async def with_address_of(self, room_id: int, besides_id: int) -> list[int]:
        """Return the other conversations whose person gave the address of this one's, the last active first.

        Addresses are equal in lower case, and not verified. Conversations without a message are left out, as are those
        of deleted people and of the person `besides_id`. At most `MOST`.
        """
        ...


EARLIER: Port[Earlier] = Port("earlier conversations")
