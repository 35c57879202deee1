"""What a client asks for, as its dialect understood it.

`claimed` is the name that the frame gives its sender; who the sender really is, the session knows.
"""

import msgspec

from chat.model.refusals import Refusal


class Authenticate(msgspec.Struct, frozen=True, gc=False):
    """Prove who is speaking."""

    token: str
    claimed: str = ""


class Say(msgspec.Struct, frozen=True, gc=False):
    """Say `text` in the lobby. The text is as it came: not yet trimmed or checked."""

    text: str
    claimed: str = ""


class Recall(msgspec.Struct, frozen=True, gc=False):
    """Send the last `count` messages of the lobby, oldest first."""

    count: int
    claimed: str = ""


class Misunderstood(msgspec.Struct, frozen=True):
    """The frame could not be read; the refusal says why."""

    refusal: Refusal


Command = Authenticate | Say | Recall | Misunderstood
