"""Bridges to a matterbridge: what the storage keeps of them, and its port. `features/hooks/bridges` has all else."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from chat.domain.features import Port


class Bridge(msgspec.Struct, frozen=True):
    """What makes an outgoing hook a bridge: a gateway of a matterbridge, and the token of its API, perhaps empty."""

    gateway: str
    token: str


class BridgeToRead(msgspec.Struct, frozen=True):
    """A bridge that is on. `wait`: seconds until another server may claim it. The hook `hook_id` posts its messages."""

    id: int
    url: str
    token: str
    gateway: str
    hook_id: int
    claim: int
    wait: float


class Kept(msgspec.Struct, frozen=True):
    """A message that was read and is not posted yet, and the hook that posts it: its token's digest, and its room."""

    key: str
    text: str
    hook_id: int
    hook_token: bytes
    room_id: int


class Read(msgspec.Struct, frozen=True):
    """A message that was read for a bridge. No two have the same key."""

    bridge_id: int
    key: str
    text: str


class Bridges(Protocol):
    """The bridges of all people. Every method may raise StorageDown, those that write OutcomeUnknown too.

    A bridge has the id of its outgoing hook. Cancelling a write: it is done whole, or not at all.
    """

    async def to_read(self) -> Sequence[BridgeToRead]:
        """Return the bridges that are on, by their ids."""
        ...

    async def claim(self, bridge_id: int, claim: int | None, lease: float) -> int | None:
        """Claim a bridge for so many seconds, and return the claim; None: another one has it.

        With `claim` the claim is one's own, and is renewed. A lease of 0 ends it.
        """
        ...

    async def keep(self, messages: Sequence[Read]) -> None:
        """Keep messages until they are posted, but for those of removed bridges, and those with a kept key."""
        ...

    async def kept(self, bridge_id: int, limit: int) -> Sequence[Kept]:
        """Return the messages that were kept first."""
        ...

    async def posted(self, keys: Sequence[str]) -> None:
        """Keep messages no longer."""
        ...


BRIDGES: Port[Bridges] = Port("bridges")
