"""Encodes committed changes for a bus: as many in one payload as fit."""

from collections.abc import Sequence

import msgspec

from chat.bus.payloads import Announced
from chat.domain.messages.changes import Change

_encode = msgspec.json.Encoder().encode


def encode_changes(changes: Sequence[Change], largest: int) -> list[bytes]:
    """Return payloads, of at most `largest` bytes each, that announce the changes of one commit. Sync.

    `changes` are in the order of the log, at least one. One that is too large for a payload is left out: every payload
    has the last id, so a receiver reads the rest from the log.
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
