"""Draws the plan of a world from one seed."""

import random

from msgspec import structs

from tests.simulation.clocks import with_jumping_clocks
from tests.simulation.crowds import (
    with_a_busy_desk,
    with_a_closing_desk,
    with_blockers,
    with_editors,
    with_files,
    with_forgetting,
    with_inboxes,
    with_irc,
    with_moderators,
    with_removals_of_nothing,
    with_resumers,
    with_several_servers,
    with_visitors,
)
from tests.simulation.network import Weather
from tests.simulation.plan import Guest, Plan, PlannedRoom, Restart, Step
from tests.simulation.storage import Trouble

DIALECTS = ("talker", "messenger", "support", "direct", "rooms")

_STEPS = {
    "talker": ("say", "say", "say", "say", "burst", "long", "spoof", "history", "rename"),
    "messenger": ("say", "say", "say", "say", "burst", "long", "spoof", "history"),
    "support": ("say", "say", "burst", "burst", "long"),
    "direct": ("say", "say", "say", "say", "burst", "spoof", "ping"),
    "rooms": (
        "say",
        "say",
        "say",
        "burst",
        "enter",
        "join",
        "invite",
        "invite",
        "remove",
        "remove",
        "read",
        "leave room",
    ),
}
_ANYBODY = ("leave", "leave", "reset", "reset", "tear", "vanish", "pause", "partition", "garbage", "too big")


def draw_plan(seed: int, *, most_clients: int = 40, several: bool = False) -> Plan:
    """Return the plan of a seed: most worlds are small, some have `most_clients`, some have more of one kind.

    With `several` it has several servers.
    """
    plan = _calm(seed, most_clients)
    if seed % 5 == 0:
        plan = _with_rushes(plan, random.Random(f"rushes of {seed}"))
    if seed % 7 == 0:
        plan = with_inboxes(plan, random.Random(f"inboxes of {seed}"))
    if seed % 11 == 1:
        plan = with_a_busy_desk(plan, random.Random(f"desk of {seed}"))
    if seed % 8 == 3:
        plan = with_editors(plan, random.Random(f"editors of {seed}"))
    if seed % 13 == 3:
        plan = with_removals_of_nothing(plan, random.Random(f"removals of {seed}"))
    if seed % 11 == 5 and seed % 8 != 3:  # who has read a deletion late lacks what it undid, and asks for it
        plan = with_a_closing_desk(plan, random.Random(f"closing desk of {seed}"))
    if seed % 4 == 1:
        plan = with_resumers(plan, random.Random(f"resumers of {seed}"))
    if seed % 28 == 25:
        plan = with_forgetting(plan, random.Random(f"forgetting of {seed}"))
    if seed % 12 == 5:
        plan = with_blockers(plan, random.Random(f"blockers of {seed}"))
    if seed % 10 == 0:
        plan = with_visitors(plan, random.Random(f"visitors of {seed}"))
    if seed % 14 == 12:
        plan = with_files(plan, random.Random(f"files of {seed}"))
    if seed % 17 == 0:
        plan = with_irc(plan, random.Random(f"IRC of {seed}"))
    if seed % 23 == 0 and plan.forgetting is None:
        plan = with_moderators(plan, random.Random(f"moderators of {seed}"))
    if several:
        plan = with_several_servers(plan, random.Random(f"servers of {seed}"))
        plan = with_jumping_clocks(plan, random.Random(f"clocks of {seed}"))
    return plan


def _calm(seed: int, most_clients: int) -> Plan:
    chance = random.Random(seed)
    crowd = chance.choice((20, 20, 20, 20, 24, 28, most_clients))
    crowd = min(crowd, most_clients)
    lasts = chance.choice((4.0, 8.0, 16.0, 30.0))
    people = chance.choice((3, crowd // 3))
    rooms = [_room(chance, people) for _ in range(chance.randint(1, 3))]
    operators = sorted(chance.sample(range(1, people + 1), chance.randint(1, 2)))
    guests = [_guest(chance, number, people, operators, lasts) for number in range(1, crowd + 1)]
    steps = [
        _step(chance, guest, people, len(rooms), lasts)
        for guest in guests
        for _ in range(chance.randint(1, 7))
    ]
    return Plan(
        seed,
        lasts,
        chance.choice((8192, 16_384, 65_536)),
        people,
        operators,
        rooms,
        guests,
        sorted(steps, key=lambda step: step.at),
        [_trouble(chance, lasts) for _ in range(chance.choice((0, 0, 1, 1, 2, 3)))],
        sorted(
            (_restart(chance, lasts) for _ in range(chance.choice((0, 0, 0, 1, 1, 2)))), key=lambda r: r.at
        ),
    )


def _room(chance: random.Random, people: int) -> PlannedRoom:
    members = sorted(chance.sample(range(1, people + 1), chance.randint(2, people)))
    return PlannedRoom(chance.choice(members), chance.random() < 0.4, members)


def _guest(chance: random.Random, number: int, people: int, operators: list[int], lasts: float) -> Guest:
    dialect = DIALECTS[number % len(DIALECTS)]
    person = chance.randint(1, people)
    if dialect == "support" and chance.random() < 0.3:
        person = chance.choice(operators)
    if dialect in ("talker", "messenger", "direct") and chance.random() < 0.15:
        person = 0
    door = "/" if dialect in ("talker", "messenger", "support") and chance.random() < 0.3 else ""
    return Guest(
        number,
        dialect,
        person,
        door or ("/ws" if dialect == "rooms" else f"/{dialect}"),
        chance.uniform(0, lasts / 3) if chance.random() < 0.8 else chance.uniform(0, lasts),
        _weather(chance),
        logs_in=chance.random() < 0.1,
        late_auth=chance.random() < 0.5,
    )


def _weather(chance: random.Random) -> Weather:
    kind = chance.random()
    if kind < 0.5:
        return Weather()
    if kind < 0.7:
        return Weather(delay=0.3, jitter=chance.choice((0.1, 2.0)))
    return Weather(
        delay=chance.choice((0.0, 0.05)),
        jitter=chance.choice((0.0, 0.1)),
        capacity=chance.choice((1000, 2000, 4096)),
        short_writes=chance.choice((0.0, 0.3)),
        most=chance.choice((100, 1000, 65_536)),
    )


def _step(chance: random.Random, guest: Guest, people: int, rooms: int, lasts: float) -> Step:
    kinds = _ANYBODY if chance.random() < 0.22 else _STEPS[guest.dialect]
    what = chance.choice(kinds)
    return Step(
        round(chance.uniform(guest.arrives, lasts), 3),
        guest.number,
        what,
        chance.randint(1, rooms) if guest.dialect == "rooms" else chance.randint(1, people),
        chance.randint(1, people),
    )


def _with_rushes(plan: Plan, chance: random.Random) -> Plan:
    """Add moments at which people come back on a slow database, while everybody writes to them."""
    steps, troubles = list(plan.steps), list(plan.troubles)
    writers = [guest for guest in plan.guests if guest.dialect in ("direct", "support") and guest.person]
    for begin in (plan.lasts * part / (_RUSHES + 1) for part in range(1, _RUSHES + 1)):
        troubles.insert(0, Trouble(round(begin, 3), _RUSH, "slow"))
        back = chance.choice(writers).person
        for guest in writers:
            if guest.person == back:
                steps.append(Step(round(begin, 3), guest.number, "reset"))
            steps += [
                Step(
                    round(begin + chance.uniform(0, _RUSH), 3),
                    guest.number,
                    "say",
                    back,
                    chance.randint(1, 2),
                )
                for _ in range(8)
            ]
    return structs.replace(plan, steps=sorted(steps, key=lambda step: step.at), troubles=troubles)


_RUSHES = 4

_RUSH = 3.0
"""Seconds that a rush lasts, in which a client reconnects about twice."""


def _trouble(chance: random.Random, lasts: float) -> Trouble:
    kind = chance.choice(("slow", "stuck", "down", "failover", "flaky", "flaky"))
    return Trouble(round(chance.uniform(0, lasts), 3), round(chance.uniform(0.5, lasts / 2), 3), kind)


def _restart(chance: random.Random, lasts: float) -> Restart:
    return Restart(
        round(chance.uniform(1, lasts), 3), chance.random() < 0.5, round(chance.uniform(0.1, 4), 3)
    )
