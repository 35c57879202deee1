"""What a client asks for, as its dialect understood it.

`claimed` is the name or id that the frame gives its sender; who the sender really is, the session knows. `ref`
is the request's own id, which the answer repeats.
"""

from typing import Any

import msgspec

from chat.domain.refusals import Refusal


class Greet(msgspec.Struct, frozen=True):
    """The client has just connected, perhaps with a token, and waits for its first frame."""


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
    ref: Any = None


class SupportGreet(msgspec.Struct, frozen=True):
    """A client of the support desk has connected."""


class SupportAuthenticate(msgspec.Struct, frozen=True):
    """Prove who is speaking, and be told the whole conversation."""

    token: str
    ref: Any


class SupportSend(msgspec.Struct, frozen=True):
    """Say something in one's own support conversation."""

    text: str
    ref: Any


class SupportAnswer(msgspec.Struct, frozen=True):
    """An operator answers: the person of this id or name, or (None) the current one."""

    text: str
    person: int | str | None
    ref: Any


class SupportOverview(msgspec.Struct, frozen=True):
    """An operator asks for the open conversations."""

    ref: Any


class SupportHistory(msgspec.Struct, frozen=True):
    """An operator asks for `limit` messages of a person's conversation, with ids below `before` (0: the newest)."""

    person: int | str
    before: int
    limit: int
    ref: Any


class SupportMisunderstood(msgspec.Struct, frozen=True):
    """A frame of the support desk could not be read."""

    refusal: Refusal
    ref: Any


class DirectGreet(msgspec.Struct, frozen=True):
    """A client of the direct dialect has connected and waits for its id."""


class Ping(msgspec.Struct, frozen=True):
    """Are you there?"""


class Send(msgspec.Struct, frozen=True):
    """Send `text` to the person or guest `to` alone."""

    claimed: int
    to: int
    text: str


class Enter(msgspec.Struct, frozen=True):
    """Listen in this room and in no other; 0 leaves."""

    room_id: int


class Speak(msgspec.Struct, frozen=True):
    """Say something in the room that this connection is in."""

    text: str
