"""All that servers tell each other over a bus, and how it is read: a new kind needs a struct and a place in Payload.

Payloads are JSON: text without NUL, which every bus carries. Anybody who may use the medium can put anything there, and
servers of another version do: fields that are unknown here, which stand after the others, are not looked at, and
changes of an unknown kind are left out.
"""

from contextlib import suppress

import msgspec

from chat.domain.changes import Change
from chat.domain.entities import Message
from chat.domain.live import Notice
from chat.domain.shared_usage import Used


class Announced(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Changes that are committed, in the order of the log.

    `last_id` is the last of the commit: what is missing here up to it comes in another payload or stands in the log.
    """

    last_id: int
    changes: list[Change]


class Beat(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A server lives, and has announced the log up to this id."""

    node: int
    newest_id: int


class HasPublished(msgspec.Struct, frozen=True, tag="HasTold", array_like=True):
    """Has the server told its clients the log up to this id? It answers when it has.

    With a person also when what they said here before that is saved, or refused.
    """

    change_id: int
    person_id: int | None = None


class HasRecorded(msgspec.Struct, frozen=True, tag="HasNoted", array_like=True):
    """Has the server noted all that it told this person? It answers when it has.

    With `has_read` it is how far they have read by what they said there.
    """

    person_id: int
    has_read: bool = False


class Relayed(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Does somebody here hear this message, which is saved nowhere? If so, they are told it."""

    message: Message


class Question(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A question of a server, to one other or to all; `number` is its own number for it."""

    node: int
    number: int
    to: int | None
    asks: HasPublished | HasRecorded | Relayed


class Answer(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """What a server answers: `to` asked, under this `number`."""

    node: int
    number: int
    to: int
    answer: bool


class Spent(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """What a server used of limits that are shared."""

    node: int
    used: list[Used]


class Noticed(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """What a server tells of its clients that no log has."""

    node: int
    notice: Notice


Payload = Announced | Beat | Question | Answer | Spent | Noticed
"""What a payload can be: a union of tagged structs, `array_like` as these."""

encode = msgspec.json.Encoder().encode
"""Encode a Payload of any kind but Announced, of which one may need several: `announcements.py`. Sync."""


class _PartlyAnnounced(msgspec.Struct, frozen=True, tag="Announced", array_like=True):
    """Changes of which some may be of a kind that only newer servers know."""

    last_id: int
    changes: list[msgspec.Raw]


class PayloadReader:
    """Reads payloads, and counts those that are none of ours."""

    def __init__(self) -> None:
        self.unreadable = 0  # payloads that were dropped
        self._decode = msgspec.json.Decoder(Payload).decode
        self._decode_partly = msgspec.json.Decoder(_PartlyAnnounced).decode
        self._decode_change = msgspec.json.Decoder(Change).decode

    def read(self, payload: bytes) -> Payload | None:
        """Return what a payload says, or None where it says nothing that we understand. Sync; never raises."""
        try:
            try:
                said: Payload = self._decode(payload)
            except msgspec.ValidationError:
                said = self._read_partly(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self.unreadable += 1
            return None
        return said

    def _read_partly(self, payload: bytes) -> Announced:
        """Return what is understood of an announcement: the rest is read from the log. Raises as a decoder does."""
        partly = self._decode_partly(payload)
        changes = []
        for change in partly.changes:
            with suppress(msgspec.ValidationError):
                changes.append(self._decode_change(change))
        return Announced(partly.last_id, changes)
