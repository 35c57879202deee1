"""What the support clients of one server share: whose conversation operators are in."""

from collections.abc import Sequence

import msgspec

from chat.domain.accounts import Accounts
from chat.domain.changes import Change
from chat.domain.entities import AllSupport, Message, Peer
from chat.domain.support import Support
from chat.engine.hub import Hub, Subscriber


class Current(msgspec.Struct, frozen=True):
    """Which conversation an operator's connection is in: the one last heard or answered.

    `since` is the id of the newest message when that was decided; whoever speaks later is current.
    """

    since: int
    peer: Peer | None = None


NOBODY = Current(since=0)


class SupportDesk:
    """The desk, with what is known of it while the server runs."""

    def __init__(self, support: Support, accounts: Accounts, hub: Hub) -> None:
        self.support = support
        self.accounts = accounts
        self.hub = hub
        self._last: tuple[int, Peer] | None = None
        """The id of the newest message that operators heard of a person, and who that is."""

    def note_published(
        self, _desk: AllSupport, _operator: Subscriber, told: Sequence[tuple[Change, int]]
    ) -> None:
        """Hear from the hub what an operator was told: whose conversation the last person spoke in. Sync.

        It is what was published that counts, not what was committed: after an unknown outcome nobody is told of a
        commit until it is published.
        """
        for change, _ in told:
            if isinstance(change, Message) and change.peer is not None and change.sender_id == change.peer.id:
                self._last = (change.id, change.peer)

    def peer(self, current: Current) -> Peer | None:
        """Return whose conversation an operator is in who has heard everything so far."""
        if self._last is not None and self._last[0] > current.since:
            return self._last[1]
        return current.peer
