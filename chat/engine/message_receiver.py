"""What a session asks of its connection to receive messages; the gateway has it."""

from collections.abc import Callable, Sequence
from typing import Protocol


class MessageReceiver(Protocol):
    """The messages of one client, as its session receives them."""

    @property
    def last_received_at(self) -> float:
        """When bytes last came, in seconds of Trio's clock."""
        ...

    async def receive(self) -> Sequence[str | bytes]:
        """Return the messages that came, one or more. Raises ConnectionClosed.

        Cancelling: a message that was not returned is lost, so nobody may receive after that.
        """
        ...

    def on_pong(self, heard: Callable[[bytes], None]) -> None:
        """Have `heard` called with the payload of each pong from here on, also when nobody receives any more. Sync."""
        ...

    async def take_in(self) -> None:
        """Take pongs, also while nobody receives messages; what comes behind a message waits for receive().

        It does not return by itself where nothing comes. Cancelling: nothing is lost.
        """
        ...

    def receive_no_more(self) -> None:
        """Nobody will call receive() again. Sync."""
        ...
