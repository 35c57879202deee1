"""The commands of the support protocol's clients. `ref` is the request's id as received; the answer repeats it."""

import msgspec

from chat.domain.refusals import Refusal
from chat.engine.dialect import Command


class SupportAuthenticate(Command, frozen=True):
    """Authenticate, and receive the whole conversation."""

    token: str
    ref: msgspec.Raw


class SupportSend(Command, frozen=True):
    """Send a message to one's own support conversation."""

    text: str
    ref: msgspec.Raw


class SupportAnswer(Command, frozen=True):
    """An operator answers: the person of this id or name, or (None) the current one."""

    text: str
    person: int | str | None
    ref: msgspec.Raw


class SupportOverview(Command, frozen=True):
    """An operator asks for the open conversations."""

    ref: msgspec.Raw


class SupportHistory(Command, frozen=True):
    """An operator asks for `limit` messages of a person's conversation, with ids below `before` (0: the newest)."""

    person: int | str
    before: int
    limit: int
    ref: msgspec.Raw


class SupportMisunderstood(Command, frozen=True):
    """A frame could not be decoded."""

    refusal: Refusal
    ref: msgspec.Raw
