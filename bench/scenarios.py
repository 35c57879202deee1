"""What is done to every server alike."""

from typing import Literal

import msgspec


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """One load.

    `lobby`: everyone hears everyone else. `rooms`: `groups`, each in a room of its own that echoes.
    `direct`: `groups` of two who write to each other. `native`: the lobby, heard by everyone in it, and `rooms` that a
    group has together; messages there have keys. `irc`: the same rooms, and nobody receives their own messages.
    `speakers` is how many of a group speak, `listeners` how many only listen, `deaf` how many of those do not read at
    all.
    """

    key: str
    title: str
    dialect: Literal["lobby", "rooms", "direct", "native", "irc"] = "lobby"
    groups: int = 1
    speakers: int = 0
    listeners: int = 0
    deaf: int = 0
    inflight: int = 4
    """Messages of one speaker that not everybody has yet."""
    rate: float = 0.0
    """Messages/s of all speakers; 0: as fast as they are heard."""
    size: int = 64
    """Bytes of a text."""
    seconds: float = 5.0
    """How long the window is in which is measured, unless the command line says otherwise."""
    storm: bool = False
    """Everybody connects, authenticates and asks for `history 50`, or what they missed, at once: that is the window."""
    rooms: int = 0
    """Rooms of each group beside the lobby, of the native protocol and of IRC."""
    missed: int = 0
    """Messages in each of those rooms that its members have missed; as many before them they have."""
    workers: tuple[int, ...] = ()
    """Numbers of workers of our server that are compared with each other; none: our server is compared with peers."""
    tls: bool = False
    """Over `wss`, in place of `ws`."""
    quota: float = 0.0
    """Share of a core that each process of our server has that serves; 0: what it gets."""

    @property
    def members(self) -> int:
        """Of each group."""
        return self.speakers + self.listeners

    @property
    def connections(self) -> int:
        return self.groups * self.members


HISTORY = 50
"""Lines of history that each client of the storm asks for."""

A = Scenario(key="a", title="lobby, 500 listeners, 10 speakers × 4 in flight", listeners=500, speakers=10)

SCENARIOS = {
    scenario.key: scenario
    for scenario in (
        A,
        Scenario(
            key="b",
            title="lobby, 500 listeners, 10 speakers, 100 messages/s in all",
            listeners=500,
            speakers=10,
            rate=100.0,
        ),
        Scenario(
            key="c",
            title="200 rooms of 5, everyone speaks",
            dialect="rooms",
            groups=200,
            speakers=5,
            inflight=1,
        ),
        Scenario(
            key="d",
            title="ingest: one speaker with 200 in flight, one listener",
            speakers=1,
            listeners=1,
            inflight=200,
        ),
        # Longer than the server's 25 s between two pings to a client, so that each is pinged in the window.
        Scenario(key="e", title="5,000 idle connections", listeners=5000, seconds=26.0),
        Scenario(
            key="f",
            title="2,000 clients connect, authenticate and recall 50 lines at once",
            listeners=2000,
            storm=True,
        ),
        Scenario(
            key="g",
            title="as (a), with 5 of the 500 listeners not reading",
            listeners=500,
            speakers=10,
            deaf=5,
        ),
        Scenario(
            key="h",
            title="direct messages in 200 pairs",
            dialect="direct",
            groups=200,
            speakers=2,
            inflight=1,
        ),
        Scenario(
            key="native-lobby",
            title="as (a), native, each message with a key",
            dialect="native",
            listeners=500,
            speakers=10,
        ),
        Scenario(
            key="native-ingest",
            title="as (d), native, each message with a key",
            dialect="native",
            speakers=1,
            listeners=1,
            inflight=200,
        ),
        Scenario(
            key="native-resume",
            title="2,000 native clients resume at once, 10 rooms each, 50 messages behind",
            dialect="native",
            groups=200,
            listeners=10,
            rooms=10,
            missed=5,
            storm=True,
        ),
        Scenario(
            key="native-idle",
            title="5,000 idle native connections that hear 4 rooms each",
            dialect="native",
            groups=500,
            listeners=10,
            rooms=3,
            seconds=26.0,
        ),
        Scenario(key="irc-lobby", title="as (a), in IRC", dialect="irc", listeners=500, speakers=10),
        Scenario(
            key="irc-idle",
            title="5,000 idle connections of IRC that hear 4 rooms each",
            dialect="irc",
            groups=500,
            listeners=10,
            rooms=3,
            seconds=26.0,
        ),
    )
}

SCENARIOS |= {
    f"tls-{key}": msgspec.structs.replace(
        SCENARIOS[key], key=f"tls-{key}", title=f"over TLS: {SCENARIOS[key].title}", tls=True
    )
    for key in "acef"
}


def several_workers() -> list[Scenario]:
    """What workers are good for: (c), (h) and (f) in a quota for each, and what a delivery costs with and without."""
    quota = 0.2  # four of them leave more than a core to PostgreSQL and the generator, on two
    c, h, f = (SCENARIOS[key] for key in "chf")
    # Where all five speak, they wait for the same deliveries and speak together again: one process then tells a
    # room's five messages in one write. What one person says in a row, workers tell so too.
    one_speaks = msgspec.structs.replace(c, speakers=1, listeners=4, inflight=4)
    lobby = msgspec.structs.replace(A, listeners=2000)
    return [
        _compared("workers-rooms", c, (1, 2, 4), quota),
        _compared("workers-speaker", one_speaks, (1, 2, 4), quota, ", one of five speaks, 4 in flight"),
        _compared("workers-direct", h, (1, 2, 4), quota),
        _compared("workers-storm", f, (1, 4), quota),
        _compared("workers-lobby", lobby, (1, 4)),
        _compared(
            "workers-lobby-rate",
            msgspec.structs.replace(lobby, rate=400.0),
            (1, 4),
            what=", 400 messages/s in all",
        ),
    ]


def _compared(
    key: str, scenario: Scenario, workers: tuple[int, ...], quota: float = 0.0, what: str = ""
) -> Scenario:
    numbers = " and ".join(map(str, workers))
    each = f", {quota:.0%} of a core each" if quota else ""
    title = f"as ({scenario.key}){what}, {scenario.connections:,} connections, {numbers} workers{each}"
    return msgspec.structs.replace(scenario, key=key, title=title, workers=workers, quota=quota)


def growth() -> list[Scenario]:
    """(a) with other numbers of listeners and other sizes: does anything grow faster than the work?"""
    return [
        msgspec.structs.replace(
            A,
            key=f"growth-{listeners}-{size}",
            title=f"as (a), {listeners:,} listeners, {size:,} bytes",
            listeners=listeners,
            size=size,
            seconds=3.0,
        )
        for size in (16, 256, 4096)
        for listeners in (100, 500, 2000, 5000)
    ]
