"""A feature in PostgreSQL: how its writes are saved, how its changes are stored in the log, and what it reads.

A feature's change is a row of `changes` with its own fields in `data` and the kind `changed`, without values of that
kind: a server of 0.1.0 takes it for a change of the room by which nothing changed (docs/migrations.md).
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import asyncpg
import msgspec

from chat.domain.entities import Draft, People
from chat.domain.features import CoreFeature, Kind, Port
from chat.domain.messages.changes import FeatureChange, FeatureWrite, UnknownChange
from chat.domain.messages.outcomes import Saved
from chat.domain.refusals import Refusal
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection
from chat.storage.postgres.writer import RawConnection

Save = Callable[[RawConnection, Sequence[Any]], Awaitable[list[Saved]]]
"""Saves writes of one kind, in order, in the caller's transaction, which holds the locks of the log and the rooms.

Asyncio-flavoured. Its changes are written by `append_changes`. None: the message or the room does not exist.
"""

Convert = Callable[[RawConnection, Sequence[Any]], Awaitable[list[Draft | Refusal]]]
"""Returns the drafts that writes of one kind become, in order, or why they are refused. Asyncio-flavoured.

It only reads, and may be called again for the same writes.
"""

RemoveMessages = Callable[[Connection, int, int, int], Awaitable[object]]
"""Removes what a feature keeps of messages of a deleted room, before they are removed; asyncio-flavoured.

It is called in the transaction that removes them, with the room's id and a range of them, `after` < seq <= `up_to`.
"""

ReadFigures = Callable[[Connection], Awaitable[Sequence[tuple[str, str, float]]]]
"""Returns name, meaning and value of metrics of a feature that the database knows; asyncio-flavoured."""

_BASE = FeatureChange.__struct_fields__

_APPEND = """
WITH made AS (
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::float8[], $6::text[])
        AS made(id, room_id, pos, actor_id, created_at, data)
), counted AS (
    UPDATE rooms SET last_pos = share.pos
    FROM (SELECT room_id, max(pos) AS pos FROM made GROUP BY room_id) AS share WHERE rooms.id = share.room_id
), written AS (
    UPDATE lanes SET last_id = (SELECT max(id) FROM made) WHERE id = 1
)
INSERT INTO changes (id, room_id, pos, kind, actor_id, created_at, data)
SELECT id, room_id, pos, 'changed', actor_id, to_timestamp(created_at), data::jsonb FROM made"""


class StoredFeature(CoreFeature, frozen=True, kw_only=True):
    """The storage's part of a feature.

    Attributes:
        savers: by the type of a write, how it is saved.
        converters: by the type of a write that becomes a message, how its draft is made.
        ports: what the feature reads, and how that is opened.
        removal: removes what the feature keeps of the messages of deleted rooms, where no foreign key does.
        figures: what operators see of it in the metrics, read at most once in ten seconds.
    """

    savers: Mapping[type[FeatureWrite], Save] = {}
    converters: Mapping[type[FeatureWrite], Convert] = {}
    ports: Mapping[Port[Any], Callable[[Database], Any]] = {}
    removal: RemoveMessages | None = None
    figures: ReadFigures | None = None


def savers_of(features: Iterable[StoredFeature]) -> dict[type[FeatureWrite], Save]:
    """Return how the writes of all features are saved. Sync and pure."""
    return {write: save for feature in features for write, save in feature.savers.items()}


def converters_of(features: Iterable[StoredFeature]) -> dict[type[FeatureWrite], Convert]:
    """Return how the writes of all features that become messages are converted. Sync and pure."""
    return {write: convert for feature in features for write, convert in feature.converters.items()}


async def append_changes(connection: RawConnection, kind: Kind, made: Sequence[FeatureChange]) -> None:
    """Write committed changes of one kind to the log and raise the counters; asyncio-flavoured.

    Their ids and positions follow those that the log and their rooms had, in order.
    """
    if made:
        columns = zip(
            *((each.id, each.room_id, each.pos, each.actor_id, each.created_at) for each in made),
            strict=True,
        )
        await connection.execute(_APPEND, *map(list, columns), [_data(kind, each) for each in made])


class FeatureRows:
    """Decodes the rows of features' changes."""

    def __init__(self, features: Iterable[StoredFeature]) -> None:
        self._kinds = {kind.name: _OwnFields.of(kind.change) for each in features for kind in each.kinds}
        self._name = msgspec.json.Decoder(_Name).decode

    def decode(self, row: asyncpg.Record, people: People) -> FeatureChange | UnknownChange:
        """Return the change of a row with `data`. Sync and pure."""
        place, data = (row["message_id"], row["room_id"], row["message_pos"]), row["data"]
        own = self._kinds.get(self._name(data).kind)
        if own is None:
            return UnknownChange(*place, row["created_at"], people)
        base = (*place, row["sender_id"], row["created_at"], people)
        return own.change(**dict(zip(_BASE, base, strict=True)), **msgspec.structs.asdict(own.decode(data)))


class _Name(msgspec.Struct):
    kind: str


class _OwnFields(NamedTuple):
    """A kind's committed change, and the decoder of the fields that it adds."""

    change: type[FeatureChange]
    decode: Callable[[str], msgspec.Struct]

    @classmethod
    def of(cls, change: type[FeatureChange]) -> "_OwnFields":
        fields: list[Any] = [
            (each.name, each.type) if each.required else (each.name, each.type, each.default)
            for each in msgspec.structs.fields(change)
            if each.name not in _BASE
        ]
        return cls(change, msgspec.json.Decoder(msgspec.defstruct(change.__name__, fields)).decode)


def _data(kind: Kind, change: FeatureChange) -> str:
    own = {name: value for name, value in msgspec.structs.asdict(change).items() if name not in _BASE}
    return msgspec.json.encode({"kind": kind.name, **own}).decode()
