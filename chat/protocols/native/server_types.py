"""What a server says of itself to programs: its version, its data, what it has and what it allows."""

from typing import Annotated

from msgspec import Meta

from chat.domain.bounds import Lobby, Registration
from chat.operations.values import Value

PROTOCOL = 1
"""The version of the protocol: fields, events, codes and requests are added to it, and none changed or taken away."""

Protocol = Annotated[int, Meta(ge=1, le=1, description="The version of this protocol: 1")]
AskedProtocol = Annotated[int, Meta(ge=1, le=2**31 - 1, description="The version that the client speaks")]

Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]
PerSecond = Annotated[float, Meta(ge=0, description="0: any")]

DataId = Annotated[
    str,
    Meta(
        description="Names the server's data: where it is another, so are all rooms and messages",
        max_length=64,
    ),
]

Features = Annotated[
    tuple[str, ...],
    Meta(
        description="activity, blocks, edits, files, invites, mentions, presence, reactions, read_marks, search,"
        " support, sync_pages, visitors; others may be added"
    ),
]


class Limits(Value, kw_only=True, frozen=True, omit_defaults=False):
    """What this server allows; all of it is always told.

    Characters of a text, a topic and a name; bytes of a frame, of a body that is no file, and of a file (0: no files
    are taken). `files` of a message, kinds of `reactions` of one; `page`: most entries of a list. Of one socket:
    positions `known` in a sync, changes that a sync tells of a room, requests `in_flight`, people to `watch`. Of one
    person: `sockets`. Read marks of others are told in rooms with at most `receipts_members`.

    Of one person a second: messages to send and the bytes of their texts, pages of 100 messages to read, searches,
    uploads; of one address ten times as much. Of one address a second: calls over HTTP, of which more wait for their
    turn. For some seconds more may be had at once. Who is over a limit is told so by `too_many`, with `retry_ms`.
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
    sends_per_second: PerSecond
    send_bytes_per_second: PerSecond
    pages_per_second: PerSecond
    searches_per_second: PerSecond
    uploads_per_second: PerSecond
    calls_per_second: PerSecond


class ServerInfo(Value, kw_only=True, frozen=True):
    """What a server is: its name and version for people, the rest for programs."""

    server: str
    version: str
    protocol: Protocol
    data: DataId
    registration: Registration
    lobby: Lobby
    features: Features
    limits: Limits
