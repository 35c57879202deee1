"""All that servers tell each other over a bus, and how it is read: a new kind needs a struct and a place in Payload.

Payloads are JSON: text without NUL, which every bus carries. Anybody who may use the medium can put anything there, and
servers of another version do: fields that are unknown here, which stand after the others, are not looked at.
"""

import msgspec

from chat.domain.changes import Change


class Announced(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Changes that are committed, in the order of the log.

    `last_id` is the last of the commit: what is missing here up to it comes in another payload or stands in the log.
    """

    last_id: int
    changes: list[Change]


Payload = Announced
"""What a payload can be: a union of tagged structs, `array_like` as these."""

encode = msgspec.json.Encoder().encode
"""Encode a Payload of any kind but Announced, of which one may need several: `announcements.py`. Sync."""


class PayloadReader:
    """Reads payloads, and counts those that are none of ours."""

    def __init__(self) -> None:
        self.unreadable = 0  # payloads that were dropped
        self._decode = msgspec.json.Decoder(Payload).decode

    def read(self, payload: bytes) -> Payload | None:
        """Return what a payload says, or None where it says nothing that we understand. Sync; never raises."""
        try:
            return self._decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self.unreadable += 1
            return None
