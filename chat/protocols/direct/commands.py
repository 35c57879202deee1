"""The commands of the direct protocol."""

from chat.engine.dialect import Command


class Ping(Command, frozen=True):
    """Are you there?"""


class Send(Command, frozen=True):
    """Send `text` to the person or guest `to` alone; `claimed` is the id that the frame gives its sender."""

    claimed: int
    to: int
    text: str
