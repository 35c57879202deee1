"""A bus that loses, doubles, delays and reorders what it carries, and cuts servers off from each other for a while."""

import random

import msgspec
import trio

from chat.bus.local import LocalBus, LocalNetwork


class BusWeather(msgspec.Struct, frozen=True):
    """What the bus is like. `lost`, `doubled` and `late` are shares of the payloads; `delay` is seconds, for the late.

    From `cut_at` on, for `cut_for` seconds, nothing passes: None is a bus that is never cut.
    """

    lost: float = 0.0
    doubled: float = 0.0
    late: float = 0.0
    delay: float = 0.1
    cut_at: float | None = None
    cut_for: float = 0.0


class FaultyNetwork(LocalNetwork):
    """What the buses of one world share; `nursery` carries what is late."""

    def __init__(self, chance: random.Random, weather: BusWeather, nursery: trio.Nursery) -> None:
        super().__init__(largest=2000)  # so that announcements have parts, and long texts are in none
        self._chance = chance
        self._weather = weather
        self._nursery = nursery

    def heal(self) -> None:
        """From now on everything arrives once and at once."""
        self._weather = BusWeather()

    def carry(self, sender: LocalBus, payload: bytes) -> None:
        weather, now = self._weather, trio.current_time()
        if weather.cut_at is not None and weather.cut_at <= now < weather.cut_at + weather.cut_for:
            return
        for bus in list(self.buses):
            for _ in range(2 if self._chance.random() < weather.doubled else 1):
                if self._chance.random() < weather.lost:
                    continue
                if self._chance.random() < weather.late:
                    self._nursery.start_soon(self._deliver_late, bus, payload)
                else:
                    bus.arrived.put(payload)

    async def _deliver_late(self, bus: LocalBus, payload: bytes) -> None:
        await trio.sleep(self._chance.uniform(0, self._weather.delay))
        if bus in self.buses:
            bus.arrived.put(payload)
