"""The payloads between servers, and how they are decoded. A new kind needs a struct and a place in Payload.

Payloads are JSON: text without NUL, which every bus carries. Anybody with access to the medium can send anything, and
servers of another version send other things: unknown fields, which come last, are skipped, and so are changes of an
unknown kind. Tags and fields keep their names on the wire.
"""

from collections.abc import Sequence
from contextlib import suppress
from functools import reduce
from operator import or_
from typing import Any

import msgspec

from chat.domain.entities import Message
from chat.domain.limits.shared_usage import Used
from chat.domain.messages.changes import Change, CoreChange, FeatureChange
from chat.domain.messages.live import Notice


class Announced(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Committed changes, in the order of the log.

    `last_id` is the last id of the commit: changes up to it that are missing here are in another payload, or in the
    log.
    """

    last_id: int
    changes: list[Change]


class Beat(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A heartbeat: the server has announced the log up to this id."""

    node: int
    newest_id: int


class HasPublished(msgspec.Struct, frozen=True, tag="HasTold", array_like=True):
    """Has the server published the log up to this id? It answers when it has.

    With a person: when it has also settled their writes submitted there before.
    """

    change_id: int
    person_id: int | None = None


class HasRecorded(msgspec.Struct, frozen=True, tag="HasNoted", array_like=True):
    """Has the server recorded all its deliveries to this person? It answers when it has.

    With `has_read`: has it written the read marks of their own messages there?
    """

    person_id: int
    has_read: bool = False


class Relayed(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Is the addressee of this message there, which no log has? If so, it is delivered."""

    message: Message


class Question(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A question of the server `node`, to one other or to all; `number` is its number there."""

    node: int
    number: int
    to: int | None
    asks: HasPublished | HasRecorded | Relayed


class Answer(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """An answer of the server `node` to the question `number` of the server `to`."""

    node: int
    number: int
    to: int
    answer: bool


class Spent(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A server's usage of shared limits."""

    node: int
    used: list[Used]


class Noticed(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A notice of a server, which no log has."""

    node: int
    notice: Notice


Payload = Announced | Beat | Question | Answer | Spent | Noticed
"""All kinds of payloads: a union of tagged structs, `array_like` as these."""

encode = msgspec.json.Encoder().encode
"""Encode a Payload of any kind but Announced, of which one may need several: `announcements.py`. Sync."""


class _PartlyAnnounced(msgspec.Struct, frozen=True, tag="Announced", array_like=True):
    """Announced, with changes of which some may be of a kind that only newer servers know."""

    last_id: int
    changes: list[msgspec.Raw]


class PayloadReader:
    """Decodes payloads, and counts those that it can't. `changes` are the kinds of change of this server's features."""

    def __init__(self, changes: Sequence[type[FeatureChange]] = ()) -> None:
        self.unreadable = 0  # payloads that were dropped
        change: Any = reduce(or_, changes, CoreChange)
        fields = [("last_id", int), ("changes", list[change])]
        announced: Any = msgspec.defstruct("Announced", fields, frozen=True, tag=True, array_like=True)
        self._announced = announced
        self._decode = msgspec.json.Decoder(announced | Beat | Question | Answer | Spent | Noticed).decode
        self._decode_partly = msgspec.json.Decoder(_PartlyAnnounced).decode
        self._decode_change = msgspec.json.Decoder(change).decode

    def read(self, payload: bytes) -> Payload | None:
        """Return the decoded payload, or None if it is unreadable. Sync; never raises."""
        try:
            try:
                message = self._decode(payload)
            except msgspec.ValidationError:
                message = self._read_partly(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self.unreadable += 1
            return None
        if isinstance(message, self._announced):
            return Announced(message.last_id, message.changes)
        decoded: Payload = message
        return decoded

    def _read_partly(self, payload: bytes) -> Announced:
        """Return the known changes of an announcement: the rest is read from the log. Raises as a decoder does."""
        partly = self._decode_partly(payload)
        changes = []
        for change in partly.changes:
            with suppress(msgspec.ValidationError):
                changes.append(self._decode_change(change))
        return Announced(partly.last_id, changes)
