"""Pushes that a person has asked for, as of a reminder: to all their browsers, whatever their rooms notify them of."""

from typing import Protocol

import msgspec

from chat.domain.features import Port


class OwnPush(msgspec.Struct, frozen=True, kw_only=True):
    """A push for its person. A later one with its `tag` replaces it; `path` of the page is what it leads to."""

    title: str
    text: str
    path: str
    tag: str


class OwnPushes(Protocol):
    """Sends such pushes."""

    async def send(self, person_id: int, push: OwnPush) -> None:
        """Send a push to each browser of a person that receives any, once; without one nothing is done.

        Quiet hours don't hold it back. May raise StorageDown. Cancelling: some may have been sent.
        """
        ...


OWN_PUSHES: Port[OwnPushes] = Port("own pushes")
