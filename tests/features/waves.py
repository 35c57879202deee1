"""A feature of the tests: somebody waves in a room. It shows what the core offers to any feature."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chat.domain.features import Kind, Port
from chat.domain.messages.changes import FeatureChange, FeatureWrite
from chat.domain.messages.outcomes import Saved
from chat.storage.postgres.database import Database
from chat.storage.postgres.features import StoredFeature, append_changes
from chat.storage.postgres.writer import RawConnection
from tests.reference.storage.storage import MemoryStorage

_COUNTERS = """
SELECT rooms.id, last_pos, last_id FROM rooms JOIN lanes ON lanes.id = 1
WHERE rooms.id = ANY($1::bigint[]) AND deleted_at IS NULL"""


class Wave(FeatureWrite, frozen=True, gc=False, kw_only=True):
    """Waves so many times, with these hands."""

    times: int
    hands: tuple[str, ...] = ()


class Waved(FeatureChange, frozen=True, gc=False, kw_only=True):
    """Somebody has waved."""

    times: int
    hands: tuple[str, ...] = ()


WAVED = Kind("waved", Wave, Waved)


def waved(wave: Wave, new_id: int, pos: int) -> Waved:
    return Waved(
        id=new_id,
        room_id=wave.room_id,
        pos=pos,
        actor_id=wave.actor_id,
        created_at=wave.created_at,
        people=wave.people,
        times=wave.times,
        hands=wave.hands,
    )


async def save_waves(connection: RawConnection, waves: Sequence[Wave]) -> list[Saved]:
    rows = await connection.fetch(_COUNTERS, [wave.room_id for wave in waves])
    positions = {row["id"]: row["last_pos"] for row in rows}
    last_id = rows[0]["last_id"] if rows else 0
    saved: list[Saved] = []
    for wave in waves:
        if wave.room_id not in positions:
            saved.append(None)
            continue
        last_id += 1
        positions[wave.room_id] += 1
        saved.append(waved(wave, last_id, positions[wave.room_id]))
    await append_changes(connection, WAVED, [each for each in saved if isinstance(each, Waved)])
    return saved


class CountWaves:
    """How often somebody waved in a room, in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, room_id: int) -> int:
        sql = "SELECT count(*) FROM changes WHERE room_id = $1 AND data->>'kind' = 'waved'"
        return int(await self._database.read(lambda connection: connection.fetchval(sql, room_id)))


COUNT = Port[CountWaves]("waves")

WAVES = StoredFeature(kinds=(WAVED,), savers={Wave: save_waves}, ports={COUNT: CountWaves})


class WavesModel:
    """The same in memory."""

    def __init__(self, storage: MemoryStorage) -> None:
        self._storage = storage
        self.savers: Mapping[type, Callable[[Any], Saved]] = {Wave: self._save}
        self.ports: Mapping[Port[Any], Any] = {COUNT: self}

    async def count(self, room_id: int) -> int:
        return sum(isinstance(change, Waved) for change in self._storage.messages.log_of(room_id))

    def _save(self, wave: Wave) -> Saved:
        room = self._storage.rooms.look_up(wave.room_id)
        if room is None:
            return None
        new_id, _, pos = self._storage.messages.next(room)
        made = waved(wave, new_id, pos)
        self._storage.messages.keep(made)
        return made
