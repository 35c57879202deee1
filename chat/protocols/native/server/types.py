"""The description of a server for programs: its version, its data, its features and its limits."""

from typing import Annotated

from msgspec import Meta

from chat.domain.limits.bounds import Lobby, Registration
from chat.features.registry import FEATURES
from chat.operations.values import Time, Value

PROTOCOL = 1
"""The version of the protocol: fields, events, codes and requests may be added, but none is changed or removed."""

Protocol = Annotated[int, Meta(ge=1, le=1, description="The version of this protocol: 1")]
AskedProtocol = Annotated[int, Meta(ge=1, le=2**31 - 1, description="The version that the client speaks")]

Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]
PerSecond = Annotated[float, Meta(ge=0, description="0: no limit")]

DataId = Annotated[
    str,
    Meta(
        description="Identifies the server's data: if it changes, all rooms and messages are others",
        max_length=64,
    ),
]


class Restored(Value, kw_only=True, frozen=True):
    """The data were restored from a backup `at` that time; they have everything `until` the backup's time, if known."""

    at: Time
    until: Time | None = None


_NAMES = (
    *("activity", "conversation_pages", "edits", "mentions", "presence", "reactions", "read_marks"),
    *("sync_pages", "visitors", *(feature.name for feature in FEATURES)),
)

Features = Annotated[tuple[str, ...], Meta(description=f"{', '.join(sorted(_NAMES))}; others may be added")]


class Limits(Value, kw_only=True, frozen=True, omit_defaults=False):
    """The server's limits; all fields are always sent.

    - `text`, `topic`, `name`: characters. `frame_bytes`, `body_bytes`, `file_bytes`: bytes (`file_bytes` 0: no files).
    - `files`, `reactions`: of one message. `page`: entries of a list.
    - `known`, `replay`: positions in a sync, and changes of one room that a sync sends.
    - `in_flight`, `watch`: concurrent requests and watched people of a socket. `sockets`: of one person.
    - `receipts_members`: read marks of others are sent in rooms of at most this size.
    - `key_days`: so long the server knows the key of a message, 0: for ever. Send no message again after that time.
    - `sends_per_second`, `send_bytes_per_second`, `pages_per_second` (of 100 messages), `searches_per_second`,
      `uploads_per_second`: of one person; an address has ten times as much.
    - `calls_per_second`: HTTP calls of one address; further calls are delayed.

    Short bursts may exceed a rate. A request over a limit is refused with `too_many` and `retry_ms`.
    """

    text: Count
    topic: Count
    name: Count
    frame_bytes: Count
    body_bytes: Count
    file_bytes: Count
    files: Count
    reactions: Count
    page: Count
    known: Count
    replay: Count
    in_flight: Count
    watch: Count
    sockets: Count
    receipts_members: Count
    key_days: Count
    sends_per_second: PerSecond
    send_bytes_per_second: PerSecond
    pages_per_second: PerSecond
    searches_per_second: PerSecond
    uploads_per_second: PerSecond
    calls_per_second: PerSecond


class ServerInfo(Value, kw_only=True, frozen=True):
    """A server's name, version, policy, features and limits."""

    server: str
    version: str
    protocol: Protocol
    data: DataId
    restored: Restored | None = None
    registration: Registration
    lobby: Lobby
    features: Features
    limits: Limits
