"""The plan of a world, as data: it can be printed, shrunk and run again."""

from typing import Literal

import msgspec

from tests.simulation.network import Weather
from tests.simulation.storage import Trouble
from tests.support.faulty_bus import Faults


class Guest(msgspec.Struct, frozen=True):
    """A client. `person` 0 has no account; `door` is its path; with `logs_in` it asks for its token by password."""

    number: int
    dialect: str
    person: int
    door: str
    arrives: float
    weather: Weather
    logs_in: bool = False
    late_auth: bool = False  # authenticates by a frame, not in the handshake
    server: int | None = None  # the only server that it connects to, counted from 0


class Step(msgspec.Struct, frozen=True):
    """What one client does at a moment, if it can just then."""

    at: float
    client: int
    what: str
    a: int = 0
    b: int = 0


class BusWeather(msgspec.Struct, frozen=True):
    """What the bus between servers is like; one of them hears nothing of the others from `parted_at` on for a while."""

    faults: Faults = Faults()
    parted_at: float | None = None
    parted_for: float = 0.0
    parted_server: int = 0


class Claim(msgspec.Struct, frozen=True):
    """Somebody who may write to the bus tells all servers that the log ends so far `ahead` of where it does."""

    at: float
    ahead: int


class Restart(msgspec.Struct, frozen=True):
    """A server stops (`gracefully` or as if killed) and comes back after `away` seconds; `server` counts from 0."""

    at: float
    gracefully: bool
    away: float
    server: int = 0


class Freeze(msgspec.Struct, frozen=True):
    """A server is stopped as by SIGSTOP, and goes on after `lasts` seconds; `server` counts from 0."""

    at: float
    lasts: float
    server: int


class Clock(msgspec.Struct, frozen=True):
    """A clock that leases are kept by: a server's, counted from 0, or the database's only one (None).

    It runs `rate` times as fast as time, and jumps `by` seconds at `jumps_at`.
    """

    server: int | None
    rate: float = 1.0
    jumps_at: float = 0.0
    by: float = 0.0

    def reading(self, time: float) -> float:
        """Return what it shows at a time, in seconds."""
        return time * self.rate + (self.by if time >= self.jumps_at else 0.0)


class Jump(msgspec.Struct, frozen=True):
    """Somebody sets the wall clock of a server forward by so many seconds, or back (less than 0)."""

    server: int
    at: float
    by: float


class Hold(msgspec.Struct, frozen=True):
    """Something is on hold for a while: the server, the native clients' room, or a person.

    With `at_expiry` it waits until a server has read that the newest message of a room has expired, to delete it next.
    """

    at: float
    lasts: float
    kind: Literal["server", "room", "person"]
    person: int = 0
    at_expiry: bool = False


class Forgetting(msgspec.Struct, frozen=True):
    """The seconds after which messages of the native clients' room expire, and changes of all rooms; 0: never.

    The rows of deleted messages go `deleted` seconds later.
    """

    messages: int
    changes: int
    deleted: int = 0
    holds: list[Hold] = []


class PlannedRoom(msgspec.Struct, frozen=True):
    """A room there is from the start. `members` are people."""

    creator: int
    is_private: bool
    members: list[int]


class Plan(msgspec.Struct, frozen=True):
    """One world. The seed decides what the plan leaves open: the order of tasks, each delay, each failed call."""

    seed: int
    lasts: float
    send_queue: int
    people: int
    operators: list[int]
    rooms: list[PlannedRoom]
    guests: list[Guest]
    steps: list[Step]
    troubles: list[Trouble]
    restarts: list[Restart]
    servers: int = 1
    bus: BusWeather = BusWeather()
    freezes: list[Freeze] = []
    clocks: list[Clock] = []
    claims: list[Claim] = []
    jumps: list[Jump] = []
    forgetting: Forgetting | None = None
