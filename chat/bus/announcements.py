"""Encodes what was committed for a bus: as many changes in one payload as fit, and nothing that fits in none."""

from collections.abc import Sequence

import msgspec

from chat.bus.payloads import Announced
from chat.domain.changes import Change

_encode = msgspec.json.Encoder().encode


def encode_changes(changes: Sequence[Change], largest: int) -> list[bytes]:
    """Return the payloads, of at most `largest` bytes each, that announce what one commit added to the log. Sync.

    `changes` are in the order of the log, and at least one. One that is too large for a payload is left out: every
    payload tells the last id, so that whoever receives it looks the rest up.
    """
    # Each change is encoded once, to know its size; then only bytes are joined.
    empty = _encode(Announced(changes[-1].id, []))
    head, tail = empty[:-2], empty[-2:]
    room = largest - len(empty)
    payloads: list[bytes] = []
    fitting: list[bytes] = []
    size = 0  # of all that fit so far, a comma after each
    for change in changes:
        encoded = _encode(change)
        if len(encoded) > room:
            continue
        if size + len(encoded) > room:
            payloads.append(head + b",".join(fitting) + tail)
            fitting, size = [], 0
        fitting.append(encoded)
        size += len(encoded) + 1
    payloads.append(head + b",".join(fitting) + tail)
    return payloads
