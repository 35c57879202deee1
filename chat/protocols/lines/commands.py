"""The commands of the lobby's clients.

`claimed` is the sender's name in the frame; the session knows the real sender.
"""

from chat.engine.dialect import Command


class Authenticate(Command, frozen=True, gc=False):
    """Authenticate."""

    token: str
    claimed: str = ""


class Say(Command, frozen=True, gc=False):
    """Say `text` in the lobby. The text is as it came: not yet trimmed or checked."""

    text: str
    claimed: str = ""


class Recall(Command, frozen=True, gc=False):
    """Send the last `count` messages of the lobby, oldest first."""

    count: int
    claimed: str = ""
