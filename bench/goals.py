"""What the server is to reach, and whether a measurement shows it."""

from collections.abc import Iterator

import msgspec

from bench.medians import OURS, Figure, against_other_scenario, ours, ratio, theirs
from bench.our_server import name_of
from bench.results import Measured, Results, Run


class Goal(msgspec.Struct, frozen=True):
    """One goal: `measured` and `limit` are in `unit`; None where it was not measured."""

    scenario: str
    what: str
    measured: float | None
    limit: float | None
    at_least: bool
    unit: str = ""

    @property
    def met(self) -> bool | None:
        """Whether it is reached; None where that was not measured."""
        if self.measured is None or self.limit is None:
            return None
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit


def goals(results: Results) -> Iterator[Goal]:
    """Return every goal with what was measured."""
    a, b, c, d, e, f, g, h = (results.scenarios.get(key) for key in "abcdefgh")

    yield Goal("a", "deliveries/s, times Node ws", ratio(a, _deliveries, OURS, "node_ws"), 10.0, True, "×")
    yield Goal("a", "deliveries/s, times gorilla", ratio(a, _deliveries, OURS, "gorilla"), 5.0, True, "×")
    yield Goal("a", "server CPU a delivery", ours(a, _cpu), 0.7, False, "µs")
    yield Goal("a", "p99, below Node ws's p50", ours(a, _p99), theirs(a, "node_ws", _p50), False, "ms")

    commit = ours(b, lambda run: run.one_commit_us / 1000)
    node = theirs(b, "node_ws", _p50)
    limit = None if commit is None or node is None else node + commit
    yield Goal("b", "CPU a delivery, times Node ws", ratio(b, _cpu, OURS, "node_ws"), 1.3, False, "×")
    yield Goal("b", "p50, Node ws's and one commit", ours(b, _p50), limit, False, "ms")

    yield _three_times_the_saving_node("c", c)

    yield Goal("d", "messages/s, saved", ours(d, _messages), 12_000.0, True, "/s")
    yield Goal(
        "d", "messages/s, times the Node that saves", ratio(d, _messages, OURS, "node_pg"), 3.0, True, "×"
    )

    yield Goal(
        "e", "resident memory a connection", ours(e, lambda run: run.kib_per_connection), 24.0, False, "KiB"
    )
    yield Goal("e", "CPU at rest, of a core", ours(e, lambda run: run.cpu_share * 100), 1.0, False, "%")

    served = None if f is None else sum(run.ok for run in f.runs if run.server == OURS)
    rounds = None if f is None else sum(run.server == OURS for run in f.runs)
    yield Goal("f", "rounds in which all were served", served, rounds, True)
    yield Goal(
        "f", "clients/s, to the first line", ours(f, lambda run: run.clients_per_s), 1500.0, True, "/s"
    )

    yield Goal("g", "p99 of the others, times (a)'s", against_other_scenario(g, a, _p99), 1.1, False, "×")

    yield _three_times_the_saving_node("h", h)
    yield from _over_tls(results)
    yield from _of_native(results)
    yield from _of_irc(results)

    for key in "acdh":
        measured = results.scenarios.get(key)
        if measured is not None and "other" in measured.servers():
            yield Goal(
                key,
                "messages/s, times the other tree",
                ratio(measured, _messages, OURS, "other"),
                0.95,
                True,
                "×",
            )
    yield from _of_workers(results)


def _over_tls(results: Results) -> Iterator[Goal]:
    a, e = (results.scenarios.get(f"tls-{key}") for key in "ae")
    yield Goal("tls-a", "server CPU a delivery", ours(a, _cpu), 1.5, False, "µs")
    memory = ours(e, lambda run: run.kib_per_connection)
    yield Goal("tls-e", "resident memory a connection", memory, 44.0, False, "KiB")


def _of_native(results: Results) -> Iterator[Goal]:
    """Beside the same load of Token Talker in the same run."""
    lobby, ingest, resume, idle = (
        results.scenarios.get(f"native-{name}") for name in ("lobby", "ingest", "resume", "idle")
    )
    a, d, f = (results.scenarios.get(key) for key in "adf")
    yield Goal(
        "native-lobby",
        "deliveries/s, times Node ws",
        ratio(lobby, _deliveries, OURS, "node_ws"),
        10.0,
        True,
        "×",
    )
    cpu = against_other_scenario(lobby, a, _cpu)
    yield Goal("native-lobby", "CPU a delivery, times (a)'s", cpu, 1.15, False, "×")
    messages = ours(ingest, _messages)
    yield Goal("native-ingest", "messages/s, saved and acknowledged", messages, 25_000.0, True, "/s")
    beside = against_other_scenario(ingest, d, _messages)
    yield Goal("native-ingest", "messages/s, times (d)'s", beside, None, True, "×")
    served = None if resume is None else sum(run.ok for run in resume.runs)
    rounds = None if resume is None else len(resume.runs)
    yield Goal("native-resume", "rounds in which all got exactly what they missed", served, rounds, True)
    per_client = against_other_scenario(resume, f, lambda run: run.cpu_total / run.connections)
    yield Goal("native-resume", "CPU a client, times (f)'s", per_client, None, False, "×")
    memory = ours(idle, lambda run: run.kib_per_connection)
    yield Goal("native-idle", "resident memory a connection", memory, 26.0, False, "KiB")


def _of_irc(results: Results) -> Iterator[Goal]:
    lobby, idle = results.scenarios.get("irc-lobby"), results.scenarios.get("irc-idle")
    for peer, title, limit in (("node_ws", "Node ws", 10.0), ("ngircd", "ngircd", None)):
        times = ratio(lobby, _deliveries, OURS, peer)
        yield Goal("irc-lobby", f"deliveries/s, times {title}", times, limit, True, "×")
    memory = ours(idle, lambda run: run.kib_per_connection)
    yield Goal("irc-idle", "resident memory a connection", memory, 24.0, False, "KiB")


def _of_workers(results: Results) -> Iterator[Goal]:
    """Each is a ratio to one process of the same round."""

    def against_one(key: str, figure: Figure, workers: int) -> float | None:
        return ratio(results.scenarios.get(key), figure, name_of(workers), name_of(1))

    for key in ("workers-rooms", "workers-direct"):
        for workers, limit in ((2, 1.8), (4, 3.3)):
            measured = against_one(key, _messages, workers)
            yield Goal(key, f"messages/s of {workers} workers, times one", measured, limit, True, "×")
    measured = against_one("workers-storm", lambda run: run.clients_per_s, 4)
    yield Goal("workers-storm", "clients/s of 4 workers, times one", measured, 3.3, True, "×")
    for key in ("workers-lobby", "workers-lobby-rate"):
        measured = against_one(key, _cpu, 4)
        yield Goal(key, "CPU a delivery with 4 workers, times one", measured, 1.15, False, "×")


def _three_times_the_saving_node(key: str, measured: Measured | None) -> Goal:
    saving = ratio(measured, _deliveries, OURS, "node_pg")
    return Goal(key, "deliveries/s, times the Node that saves", saving, 3.0, True, "×")


def _deliveries(run: Run) -> float:
    return run.deliveries_per_s


def _messages(run: Run) -> float:
    return run.messages_per_s


def _cpu(run: Run) -> float:
    return run.cpu_us


def _p50(run: Run) -> float:
    return run.latency("p50") / 1000


def _p99(run: Run) -> float:
    return run.latency("p99") / 1000
