"""What a client asks for in the lobby.

`claimed` is the name that the frame gives its sender; who the sender really is, the session knows.
"""

from chat.engine.dialect import Command


class Authenticate(Command, frozen=True, gc=False):
    """Prove who is speaking."""

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
