"""The simulated clocks: each server's lease clock and wall clock, and the database's; and how they are drawn.

A lease clock is monotonic: it may run a sixth too fast or too slow, and jump forward. A wall clock may be set to
anything at any moment, best while its server is cut off from the others.
"""

import random
from collections.abc import Sequence

from msgspec import structs

from tests.simulation.plan import Clock, Jump, Plan

_STEPS = (-3600.0, -60.0, -10.0, 10.0, 3600.0)
"""Seconds by which a wall clock is set forward or back: less than a day, for which a token is good."""

_STEPS_BEFORE_VISITORS = (-60.0, -10.0, 10.0)
"""Theirs is good for a quarter of an hour, and simulated ones do not refresh it."""


def with_jumping_clocks(plan: Plan, chance: random.Random) -> Plan:
    """Let each server have its own clocks, and set the wall clocks of some, most of them while they are cut off."""
    if chance.random() < 0.5:
        return plan
    has_visitors = any(guest.dialect == "visitor" for guest in plan.guests)
    steps = _STEPS_BEFORE_VISITORS if has_visitors else _STEPS
    own = {clock.server for clock in plan.clocks}
    clocks = [_lease_clock(server, plan, chance) for server in range(plan.servers) if server not in own]
    jumps = [
        _jump(chance.randrange(plan.servers), 0, plan.lasts, steps, chance)
        for _ in range(chance.randint(0, 3))
    ]
    jumps += [_jump(server, at, lasts, steps, chance) for server, at, lasts in _cut_off(plan)]
    return structs.replace(
        plan, clocks=[*plan.clocks, *clocks], jumps=sorted(jumps, key=lambda jump: jump.at)
    )


def _lease_clock(server: int, plan: Plan, chance: random.Random) -> Clock:
    rate = chance.choice((0.85, 1.0, 1.15))
    return Clock(server, rate, round(chance.uniform(0, plan.lasts), 3), chance.choice((0.0, 0.0, 3.0)))


def _jump(server: int, at: float, lasts: float, steps: Sequence[float], chance: random.Random) -> Jump:
    return Jump(server, round(chance.uniform(at, at + lasts), 3), chance.choice(steps))


def _cut_off(plan: Plan) -> list[tuple[int, float, float]]:
    """Return which servers reach nobody, from when on, and for how many seconds."""
    stands = [(freeze.server, freeze.at, freeze.lasts) for freeze in plan.freezes]
    parted = [(plan.bus.parted_server, plan.bus.parted_at, plan.bus.parted_for)] if plan.bus.parted_at else []
    alone = [(each.server, each.at, each.lasts) for each in plan.troubles if each.kind == "down"]
    return [*stands, *parted, *((server, at, lasts) for server, at, lasts in alone if server is not None)]
