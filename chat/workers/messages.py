"""Messages between a parent and a worker: lines of JSON on the control pipe, a pair of connected sockets.

The two may be of different versions, after a rolling restart: fields are only ever added, with a default, and unknown
messages are skipped.
"""

from typing import Any

import msgspec

from chat.settings.listen import Listen

LONGEST = 1 << 20
"""Bytes of a message."""


class Listening(msgspec.Struct, frozen=True):
    """One of the operator's listeners, with the descriptors of its sockets and the port that it really has."""

    listen: Listen
    port: int
    descriptors: tuple[int, ...]


class BusSockets(msgspec.Struct, frozen=True):
    """Descriptors of a bus between workers: one to read from, and one to write to each other slot."""

    receiving: int
    others: tuple[int, ...]


class Serve(msgspec.Struct, frozen=True, tag="serve"):
    """The first line to a worker: all that it needs. On the wire some fields keep older names.

    `slot` is its own of the `slots` in the shared memory behind the descriptor `counts`. Without `bus_sockets` the
    settings say which bus there is.
    """

    settings: dict[str, Any]
    data: str
    address: dict[str, Any]
    secret: str
    listening: tuple[Listening, ...]
    metrics_listening: tuple[Listening, ...]
    slot: int = msgspec.field(name="seat")
    slots: int = msgspec.field(name="seats")
    counts: int = msgspec.field(name="slots")
    bus_sockets: BusSockets | None = None


class Reload(msgspec.Struct, frozen=True, tag="reload"):
    """To a worker: apply these settings, as far as they need no restart."""

    settings: dict[str, Any]


class Leave(msgspec.Struct, frozen=True, tag="leave"):
    """To a worker: accept no more, send the clients away over `spread` seconds, and end."""

    spread: float


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """From a worker: it serves."""


class CannotServe(msgspec.Struct, frozen=True, tag="refused"):
    """From a worker: why it does not start, in one line; then it ends."""

    reason: str


ToWorker = Serve | Reload | Leave
FromWorker = Ready | CannotServe

TO_WORKER: msgspec.json.Decoder[ToWorker] = msgspec.json.Decoder(ToWorker)
FROM_WORKER: msgspec.json.Decoder[FromWorker] = msgspec.json.Decoder(FromWorker)
