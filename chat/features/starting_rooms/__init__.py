"""The public rooms that new people start in: everybody who is added joins them, in whichever way they came."""

from functools import partial

from chat.due.runner import Handler
from chat.engine.services import EngineServices
from chat.features.feature import Feature
from chat.features.starting_rooms.joining import open_waking, start
from chat.features.starting_rooms.native import OPERATIONS
from chat.features.starting_rooms.port import KIND, STARTING_ROOMS
from chat.features.starting_rooms.queries import PostgresStartingRooms

__all__ = ["FEATURE"]


def _starting(services: EngineServices) -> Handler:
    return partial(start, services)


FEATURE = Feature(
    name="starting_rooms",
    ports={STARTING_ROOMS: PostgresStartingRooms},
    operations=OPERATIONS,
    due={KIND: _starting},
    open=open_waking,
)
