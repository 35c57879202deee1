"""The state that the support clients of one server share: the current conversation of operators."""

from collections.abc import Sequence

import msgspec

from chat.domain.accounts.accounts import Accounts
from chat.domain.entities import AllSupport, Message, Peer
from chat.domain.messages.changes import Change
from chat.domain.rooms.support import Support
from chat.engine.hub import Hub, Subscriber


class Current(msgspec.Struct, frozen=True):
    """The current conversation of an operator's connection: the one of the last received message or answer.

    `since` is the id of the newest message when `peer` was set. A later message of a person makes theirs current.
    """

    since: int
    peer: Peer | None = None


NOBODY = Current(since=0)


class SupportDesk:
    """The support desk of a running server."""

    def __init__(self, support: Support, accounts: Accounts, hub: Hub) -> None:
        self.support = support
        self.accounts = accounts
        self.hub = hub
        self._last: tuple[int, Peer] | None = None
        """The id and the sender of the newest published message of a person."""

    def note_published(
        self, _desk: AllSupport, _operator: Subscriber, changes: Sequence[Change], _frames: Sequence[bytes]
    ) -> None:
        """Remember the sender of the newest message that the hub published to operators. Sync.

        Published messages count, not committed ones: after an unknown outcome operators have not seen the commit yet.
        """
        for change in changes:
            if isinstance(change, Message) and change.peer is not None and change.sender_id == change.peer.id:
                self._last = (change.id, change.peer)

    def peer(self, current: Current) -> Peer | None:
        """Return the person of an operator's current conversation."""
        if self._last is not None and self._last[0] > current.since:
            return self._last[1]
        return current.peer
