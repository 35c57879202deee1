"""Adds people with one intense activity to some worlds; drawn separately, so that seeds keep their worlds."""

import random
from typing import Any

from msgspec import structs

from tests.simulation.network import Weather
from tests.simulation.plan import BusWeather, Claim, Clock, Forgetting, Freeze, Guest, Hold, Plan, Step
from tests.simulation.storage import Trouble
from tests.support.faulty_bus import Faults


def with_inboxes(plan: Plan, chance: random.Random) -> Plan:
    """Add people who read direct messages on several connections, stop reading, leave at any moment and come back.

    They lose nothing on the way, as a reset would. Now and then all come back to a slow database, some leave again
    before they were told what they missed, and everybody writes to them.
    """
    steps, guests, lasts = list(plan.steps), list(plan.guests), max(plan.lasts, 25.0)
    moments = [lasts * part / 5 for part in range(1, 5)]
    # New ones: what they miss nobody else's connection hears.
    readers = [plan.people + more for more in (1, 2, 3)]
    for person, connections in zip(readers, (1, 2, 3), strict=True):
        for number in range(connections):
            narrow = Weather(0.02, 0.02, chance.choice((1000, 4096)), 0.3)
            guests.append(_added(guests, "direct", person, Weather() if number == 1 else narrow))
            steps += [_step(chance.uniform(1, lasts), guests, "stop reading", at) for at in (1, 4, 10, 15)]
            steps += [
                _step(begin + chance.uniform(0, late), guests, "leave")
                for begin in moments
                for late in (0.2, 2, 4)
                if chance.random() < 0.7
            ]
    for _ in range(2):
        guests.append(_added(guests, "direct", chance.randint(1, plan.people), Weather()))
        for begin in moments:
            for _ in range(14):
                what = chance.choice(("say", "say", "say", "burst", "long"))
                steps.append(_step(begin + chance.uniform(-1, 4), guests, what, chance.choice(readers)))
    troubles = [Trouble(round(begin, 3), 4.0, "late") for begin in moments]
    troubles += [trouble for trouble in plan.troubles if chance.random() < 0.3]
    people = plan.people + len(readers)
    return _with(plan, people=people, guests=guests, steps=steps, troubles=troubles, lasts=lasts)


def with_a_busy_desk(plan: Plan, chance: random.Random) -> Plan:
    """Add people who ask at the support desk, and operators who answer the last sender.

    Now and then a question has an unknown outcome; it is saved, and operators receive it a little later.
    """
    steps, guests, lasts = list(plan.steps), list(plan.guests), max(plan.lasts, 24.0)
    people = [person for person in range(1, plan.people + 1) if person not in plan.operators] or [1]
    begins = [2.0 * part for part in range(1, int(lasts / 2))]
    lost = [chance.random() < 0.7 for _ in begins]
    for _ in range(2):
        guests.append(_added(guests, "support", chance.choice(plan.operators), Weather()))
        steps += [_step(begin + chance.uniform(1.1, 1.8), guests, "answer") for begin in begins]
        steps += [_step(begin + 0.9, guests, "say", chance.choice(people), 1) for begin in begins[3::4]]
    asking = chance.sample(people, min(4, len(people)))
    for number in range(4):
        guests.append(_added(guests, "support", asking[number % len(asking)], Weather()))
        for turn, begin in enumerate(begins):
            if turn % 4 == number:
                steps.append(_step(begin, guests, "say"))
            elif (turn + 1) % 4 == number and lost[turn]:
                steps.append(_step(begin + 0.6, guests, "say"))
    troubles = [Trouble(begin + 0.5, 0.4, "unsure") for begin in begins]
    return _with(plan, guests=guests, steps=steps, troubles=troubles + plan.troubles, lasts=lasts)


def with_editors(plan: Plan, chance: random.Random) -> Plan:
    """Add people who send with keys, send again, and edit, delete and react, on a database that loses its answers."""
    steps, guests, lasts = list(plan.steps), list(plan.guests), max(plan.lasts, 20.0)
    for _ in range(5):
        weather = Weather() if chance.random() < 0.6 else Weather(0.05, 0.05, 4096, 0.2)
        guests.append(_added(guests, "editing", chance.randint(1, plan.people), weather))
        for _ in range(40):
            what = chance.choice(_EDITING)
            steps.append(_step(chance.uniform(0.5, lasts), guests, what, chance.randint(0, 6)))
    troubles = [
        Trouble(round(chance.uniform(0, lasts), 3), chance.choice((0.5, 1.0, 2.0)), kind)
        for kind in ("unsure", "unsure", "unsure", "flaky", "failover", "slow")
    ]
    return _with(plan, guests=guests, steps=steps, troubles=troubles + plan.troubles, lasts=lasts)


def with_resumers(plan: Plan, chance: random.Random) -> Plan:
    """Add people of the native protocol: they send with keys until it is answered, and go on where they were."""
    steps, guests, lasts = list(plan.steps), list(plan.guests), max(plan.lasts, 20.0)
    people = [chance.randint(1, plan.people) for _ in range(4)]
    for person in people:
        weather = Weather() if chance.random() < 0.6 else Weather(0.05, 0.05, 4096, 0.2)
        guests.append(structs.replace(_added(guests, "native", person, weather), late_auth=True))
        steps += [
            _step(chance.uniform(0.5, lasts), guests, chance.choice(_RESUMING), 3, chance.choice(people))
            for _ in range(40)
        ]
    return _with(plan, guests=guests, steps=steps, lasts=lasts)


def with_forgetting(plan: Plan, chance: random.Random) -> Plan:
    """Let messages and changes expire while resuming clients talk, are away for longer, and read what they missed."""
    steps, lasts = list(plan.steps), max(plan.lasts, 30.0)
    resuming = [guest for guest in plan.guests if guest.dialect == "native"]
    for guest in resuming:
        for _ in range(30):
            what = chance.choice((*_RESUMING, "be away", "be away"))
            at = round(chance.uniform(1.0, lasts), 3)
            steps.append(Step(at, guest.number, what, 3, guest.person))
    days = chance.choice((0, 2, 4, 8)), chance.choice((1, 2, 4)), chance.choice((0, 1, 4))
    span = (lasts - _QUIET) / _HOLDS
    holds = [_hold(chance, resuming, span * nth, span) for nth in range(_HOLDS)]
    # Then nobody speaks: the newest message expires, and is put on hold just then.
    numbers, quiet_from = {guest.number for guest in resuming}, lasts - _QUIET
    steps = [step for step in steps if step.client not in numbers or step.at < quiet_from]
    holds.append(Hold(quiet_from, 6.0, chance.choice(("server", "room")), at_expiry=True))
    forgetting = Forgetting(*days, holds)
    return _with(plan, steps=steps, lasts=lasts, forgetting=forgetting)


_HOLDS = 5
"""Holds of a world, one after the other."""

_QUIET = 8.0
"""Seconds at the end in which nobody speaks."""


def _hold(chance: random.Random, resuming: list[Guest], begin: float, longest: float) -> Hold:
    """Return a hold, most of them on what the clients of the native protocol say."""
    kind: Any = chance.choice(("server", "room", "room", "person"))
    at = round(begin + longest * chance.uniform(0.05, 0.4), 3)
    return Hold(at, round(longest * chance.uniform(0.2, 0.5), 3), kind, chance.choice(resuming).person)


def with_moderators(plan: Plan, chance: random.Random) -> Plan:
    """Add people with roles in a room of their own, whose roles are taken from them in the moment they use them.

    The database is slow: what was looked up before a write is old when the write is done.
    """
    steps, guests, lasts = list(plan.steps), list(plan.guests), max(plan.lasts, 30.0)
    people = [plan.people + more for more in range(1, 6)]
    numbers: dict[int, list[int]] = {person: [] for person in people}
    for person in people * 4:  # each acts in several places at once
        guests.append(_added(guests, "moderating", person, Weather()))
        numbers[person].append(guests[-1].number)
    for turn in range(1, int(lasts / _TURN)):
        said = turn * len(people)

        def step(person: int, after: float, what: str, whom: int, turn: int = turn, said: int = said) -> Step:
            at = turn * _TURN + chance.uniform(after, after + 0.3)
            number = chance.choice(numbers[person])
            return Step(round(at, 3), number, what, whom, chance.randint(1, said))

        owner, victim, *others = chance.sample(people, len(people))
        for person in people:
            steps.append(step(person, 0.0, "say", person))
            steps += [step(one, 0.0, chance.choice(_ROLES), person) for one in people[:2] if one != person]
        steps += [step(taker, 1.5, chance.choice(_TAKING), victim) for taker in (owner, *people[:2])]
        steps += [step(victim, 1.5, chance.choice(_MODERATING), chance.choice(others)) for _ in range(4)]
        steps += [step(victim, 1.5, "delete", victim) for _ in range(4)]
    troubles = [Trouble(0.0, lasts, "slow"), *plan.troubles]
    people_now = plan.people + len(people)
    return _with(plan, people=people_now, guests=guests, steps=steps, troubles=troubles, lasts=lasts)


_TURN = 3.0
"""Seconds from one to the next, in which roles are given and then used while they are taken."""

_ROLES = ("moderator", "moderator", "owner")
_TAKING = ("member", "banned", "remove")

_MODERATING = (
    *("member", "moderator", "owner", "banned", "banned"),
    *("remove", "remove", "change the room"),
)


def with_blockers(plan: Plan, chance: random.Random) -> Plan:
    """Add people who block each other and block each other no more, while they write to each other all the time."""
    steps, guests, lasts = list(plan.steps), list(plan.guests), max(plan.lasts, 20.0)
    people = [plan.people + 1, plan.people + 2, plan.people + 3]
    for person in people:
        others = [other for other in people if other != person]
        for _ in range(2):
            weather = Weather() if chance.random() < 0.6 else Weather(0.05, 0.05, 4096, 0.2)
            guests.append(_added(guests, "direct", person, weather))
            steps += [
                _step(chance.uniform(1, lasts), guests, chance.choice(_BLOCKING), chance.choice(others))
                for _ in range(30)
            ]
    return _with(plan, people=plan.people + len(people), guests=guests, steps=steps, lasts=lasts)


_BLOCKING = ("say", "say", "say", "say", "say", "block", "unblock", "leave")


def with_files(plan: Plan, chance: random.Random) -> Plan:
    """Add people of the native protocol who say things with files, and read each other's."""
    steps, guests, lasts = list(plan.steps), list(plan.guests), max(plan.lasts, 20.0)
    for _ in range(3):
        weather = Weather() if chance.random() < 0.6 else Weather(0.05, 0.05, 4096, 0.2)
        person = chance.randint(1, plan.people)
        guests.append(structs.replace(_added(guests, "native", person, weather), late_auth=True))
        steps += [
            _step(chance.uniform(1, lasts), guests, chance.choice(_FILING), chance.randint(0, 99))
            for _ in range(30)
        ]
    return _with(plan, guests=guests, steps=steps, lasts=lasts)


_FILING = (
    "attach",
    "attach",
    "attach",
    "fetch",
    "fetch",
    "fetch",
    "say",
    "say twice",
    "leave",
    "reset",
    "tear",
)


def with_irc(plan: Plan, chance: random.Random) -> Plan:
    """Add people of IRC who talk in the lobby, come and go, and have no other client."""
    steps, guests, lasts = list(plan.steps), list(plan.guests), max(plan.lasts, 25.0)
    people = [plan.people + more for more in (1, 2, 3, 4)]
    for person in people:
        weather = Weather() if chance.random() < 0.4 else Weather(0.1, 0.3, 4096, 0.2)
        guests.append(_added(guests, "irc", person, weather))
        steps += [_step(chance.uniform(1, lasts), guests, chance.choice(_ON_IRC), 3, 1) for _ in range(30)]
    return _with(plan, people=plan.people + len(people), guests=guests, steps=steps, lasts=lasts)


_ON_IRC = (
    *("say", "say", "say", "burst", "long", "leave", "leave", "reset", "reset"),
    *("tear", "vanish", "pause", "stop reading", "partition", "garbage", "too big"),
)


def with_visitors(plan: Plan, chance: random.Random) -> Plan:
    """Add visitors of the support widget, and operators who answer the last sender."""
    steps, guests, lasts = list(plan.steps), list(plan.guests), max(plan.lasts, 20.0)
    for _ in range(4):
        weather = Weather() if chance.random() < 0.6 else Weather(0.05, 0.05, 4096, 0.2)
        guests.append(structs.replace(_added(guests, "visitor", 0, weather), late_auth=True))
        steps += [_step(chance.uniform(1, lasts), guests, chance.choice(_VISITING)) for _ in range(25)]
    for _ in range(2):
        guests.append(_added(guests, "support", chance.choice(plan.operators), Weather()))
        steps += [_step(chance.uniform(1, lasts), guests, "answer") for _ in range(25)]
    return _with(plan, guests=guests, steps=steps, lasts=lasts)


_VISITING = (
    "say",
    "say",
    "say",
    "burst",
    "long",
    "say twice",
    "leave",
    "reset",
    "tear",
    "pause",
    "partition",
)


def with_a_closing_desk(plan: Plan, chance: random.Random) -> Plan:
    """Add operators of the native protocol who claim and close the conversations of people who go on asking."""
    steps, guests, lasts = list(plan.steps), list(plan.guests), max(plan.lasts, 20.0)
    for _ in range(2):
        person = chance.choice(plan.operators)
        guests.append(structs.replace(_added(guests, "native", person, Weather()), late_auth=True))
        steps += [
            _step(chance.uniform(0.5, lasts), guests, chance.choice(_CLOSING), place) for place in range(40)
        ]
    for _ in range(4):
        guests.append(_added(guests, "support", chance.randint(1, plan.people), Weather()))
        steps += [_step(chance.uniform(0.5, lasts), guests, "say") for _ in range(15)]
    troubles = [
        Trouble(round(chance.uniform(0, lasts), 3), 1.0, kind) for kind in ("unsure", "slow", "flaky")
    ]
    return _with(plan, guests=guests, steps=steps, troubles=troubles + plan.troubles, lasts=lasts)


_CLOSING = ("claim", "claim", "close", "close", "close", "say", "reset", "leave")

_RESUMING = (
    *("say", "say", "say", "say", "burst", "long", "say twice"),
    *("leave", "reset", "reset", "tear", "pause", "partition"),
    *("change the room", "change the room", "give a role"),
)


_EDITING = (
    *("say", "say", "say", "say twice", "use a key again", "edit", "edit", "edit"),
    *("react", "react", "take back", "delete", "reset", "leave"),
)


def with_removals_of_nothing(plan: Plan, chance: random.Random) -> Plan:
    """Add people who end memberships that they do not have, one after another, on a slow database."""
    steps, guests, lasts = list(plan.steps), list(plan.guests), max(plan.lasts, 45.0)
    insiders = [guest.number for guest in plan.guests if guest.dialect == "rooms"]
    outside = [
        (person, index)
        for index, room in enumerate(plan.rooms, 1)
        for person in range(1, plan.people + 1)
        if person not in room.members
    ]
    for _ in range(8 if outside else 0):
        person, index = chance.choice(outside)
        guests.append(_added(guests, "rooms", person, Weather()))
        steps += [_step(at, guests, "remove nothing", index, 40) for at in (2, 22.5)]
    steps += [
        Step(round(chance.uniform(3, lasts), 3), number, "enter", chance.randint(1, len(plan.rooms)))
        for number in insiders
        for _ in range(3)
    ]
    troubles = [Trouble(3.0, lasts - 3, "slow"), *plan.troubles]
    return _with(plan, guests=guests, steps=steps, troubles=troubles, lasts=lasts)


def _added(guests: list[Guest], dialect: str, person: int, weather: Weather) -> Guest:
    number = max(guest.number for guest in guests) + 1
    door = {"rooms": "/ws", "native": "/api/v1/socket", "visitor": "/api/v1/socket"}.get(
        dialect, f"/{dialect}"
    )
    return Guest(number, dialect, person, door, 0.1 * (number % 10), weather)


def _step(at: float, guests: list[Guest], what: str, a: int = 0, b: int = 0) -> Step:
    """Return a step of the guest that was added last."""
    return Step(round(at, 3), guests[-1].number, what, a, b)


def with_several_servers(plan: Plan, chance: random.Random) -> Plan:
    """Let the world have several servers, and a bus that is bad now and then; some troubles are one server's alone.

    A database that one server can't reach for longer than its lease cuts it off from the others.
    """
    servers, lasts = chance.choice((2, 2, 3, 3, 4, 5)), plan.lasts
    faults = Faults(
        chance.choice((0.0, 0.1, 0.5)), chance.choice((0.0, 0.1)), chance.choice((0.0, 0.02, 0.2, 1.0))
    )
    bus = BusWeather(
        faults, chance.uniform(0, lasts) if chance.random() < 0.4 else None, round(chance.uniform(0.5, 8), 3)
    )
    troubles = [
        structs.replace(trouble, server=chance.randrange(servers)) if chance.random() < 0.5 else trouble
        for trouble in plan.troubles
    ]
    if chance.random() < 0.5:
        begin = round(chance.uniform(0, lasts), 3)
        troubles.append(Trouble(begin, round(chance.uniform(4, 12), 3), "down", chance.randrange(servers)))
    restarts = [structs.replace(restart, server=chance.randrange(servers)) for restart in plan.restarts]
    plan = structs.replace(plan, servers=servers, bus=bus, troubles=troubles, restarts=restarts)
    if chance.random() < 0.5:
        plan = _cut_off(plan, chance)
    elif chance.random() < 0.5:
        return _with_travellers(plan, chance)
    plan = _with_clocks(_with_freezes(plan, chance) if chance.random() < 0.3 else plan, chance)
    return _with_claims(plan, chance) if chance.random() < 0.3 else plan


def _with_travellers(plan: Plan, chance: random.Random) -> Plan:
    """Add people who are written to, and leave that moment for another server.

    Only the bus fails, and one server's database is slow: its deliveries are recorded late.
    """
    steps, guests, lasts = list(plan.steps), list(plan.guests), max(plan.lasts, 20.0)
    travellers = [plan.people + 1, plan.people + 2]
    guests.append(_added(guests, "direct", 1, Weather()))
    moments = [(chance.choice(travellers), 2 + 0.6 * part) for part in range(int(lasts / 0.6) - 4)]
    for person, at in moments:
        steps += [_step(at + chance.uniform(-0.15, 0.05), guests, "say", person) for _ in range(2)]
    for person in travellers:
        guests.append(_added(guests, "direct", person, Weather()))
        steps += [_step(at, guests, "leave") for whose, at in moments if whose == person]
    people, troubles = plan.people + len(travellers), [Trouble(0.0, lasts, "slow", 0)]
    return _with(plan, people=people, guests=guests, steps=steps, lasts=lasts, troubles=troubles, restarts=[])


def _with_freezes(plan: Plan, chance: random.Random) -> Plan:
    """Let servers be stopped as by SIGSTOP, for less or for more than their leases last."""
    freezes = list(plan.freezes)
    for _ in range(chance.choice((1, 1, 2))):
        lasts = min(chance.choice((0.5, 3.0, 4.5, 5.5, 9.0)) * chance.uniform(0.9, 1.1), plan.lasts / 2)
        at = round(chance.uniform(0.5, plan.lasts - lasts), 3)
        freezes.append(Freeze(at, round(lasts, 3), chance.randrange(plan.servers)))
    return structs.replace(plan, freezes=freezes)


def _with_clocks(plan: Plan, chance: random.Random) -> Plan:
    """Let leases be kept by clocks that run fast or slow, or jump: within a sixth of the time, and forward."""
    if plan.clocks or chance.random() < 0.5:
        return plan
    server = chance.randrange(plan.servers)
    rate = chance.choice((0.85, 0.85, 1.0, 1.15))
    jumps = Clock(server, rate, round(chance.uniform(0, plan.lasts), 3), chance.choice((0.0, 3.0, 3600.0)))
    by = chance.choice((0.0, 0.5, 10.0, 3600.0, -2.0))
    return structs.replace(
        plan, clocks=[jumps, Clock(None, 1.0, round(chance.uniform(0, plan.lasts), 3), by)]
    )


def _with_claims(plan: Plan, chance: random.Random) -> Plan:
    """Let somebody claim over the bus that the log is longer than it is: by a little, by much, or by far too much."""
    claims = [
        Claim(round(chance.uniform(1, plan.lasts), 3), chance.choice((1, 3, 40, 10**6)))
        for _ in range(chance.choice((1, 3)))
    ]
    return structs.replace(plan, claims=claims)


def _cut_off(plan: Plan, chance: random.Random) -> Plan:
    """Let one server hear nothing of the others, and perhaps not reach the database, for longer than its lease.

    Or it is stopped for so long, and hears of everything when it goes on.

    Somebody there is put out of a room, in which something was said just before, by somebody elsewhere.
    """
    server, lasts = chance.randrange(plan.servers), max(plan.lasts, 22.0)
    begin, away, room = round(chance.uniform(4, 8), 3), round(chance.uniform(6, 9), 3), plan.rooms[0]
    guests, steps = list(plan.guests), list(plan.steps)
    others = [person for person in room.members if person != room.creator]
    for person in (room.creator, *others):
        pinned = server if person != room.creator else (server + 1) % plan.servers
        guests.append(structs.replace(_added(guests, "rooms", person, Weather()), server=pinned))
        steps += [_step(begin - before, guests, "enter", 1) for before in (2.5, 2.0, 1.5)]
        if person == room.creator:
            steps += [_step(begin + 0.1 * part, guests, "say") for part in range(1, 6)]
            steps += [_step(begin + 0.55, guests, "put out", 1, other) for other in others[:3]]
    troubles = list(plan.troubles)
    if chance.random() < 0.3:  # the database takes all leases for lapsed just before the removal
        plan = structs.replace(plan, clocks=[Clock(None, 1.0, round(begin + 0.52, 3), 10.0)])
    if chance.random() < 0.4:
        # For less than a lease lasts, too: then it still tells what was said before the removal, which waits for that.
        stands = chance.choice((away, round(chance.uniform(1.5, 3.5), 3)))
        freezes = [Freeze(round(begin + chance.uniform(0.05, 0.5), 3), stands, server)]
        return _with(plan, steps=steps, guests=guests, lasts=lasts, freezes=freezes)
    if chance.random() < 0.5:
        troubles.insert(0, Trouble(begin, away, "down", server))
    # The others are heard again before the database is: then there is something to tell that may not be told.
    bus = structs.replace(plan.bus, parted_at=begin, parted_for=away - 0.6, parted_server=server)
    return _with(plan, steps=steps, guests=guests, lasts=lasts, troubles=troubles, bus=bus)


def _with(plan: Plan, *, steps: list[Step], **changes: Any) -> Plan:
    return structs.replace(plan, steps=sorted(steps, key=lambda step: step.at), **changes)
