"""The figures as text: medians, ratios to each peer, the goals."""

from collections.abc import Iterator, Mapping

from bench.goals import goals
from bench.medians import OURS, Figure, median, ratio
from bench.results import Measured, Results
from bench.server import Server


def report(results: Results, known: Mapping[str, Server], keys: list[str]) -> str:
    """Return everything about these scenarios, one paragraph each, and the goals."""
    lines: list[str] = []
    for key in keys:
        if key in results.scenarios:
            lines += [*_scenario(key, results.scenarios[key], known), ""]
    lines += tell_goals(results, keys)
    return "\n".join(lines)


def _scenario(key: str, measured: Measured, known: Mapping[str, Server]) -> Iterator[str]:
    machine = measured.machine
    yield f"({key}) {measured.title}"
    yield (
        f"    {measured.date}, {measured.revision}, {machine.cores} cores {machine.model}, {machine.memory_gib} GiB, "
        f"Linux {machine.kernel}, Python {machine.python}; "
        f"one send and receive over loopback: {machine.send_receive_us:.1f} µs"
    )
    columns = _columns(measured)
    first = next(iter(measured.servers()), OURS)
    rows = [["", "saves", *columns]]
    for name in measured.servers():
        runs = measured.of(name)
        server = known.get(name)
        title, saves = (
            (server.title, server.saves) if server else (name, name in ("chat", "other", "node_pg"))
        )
        rows.append([title, "yes" if saves else "no"])
        for column, (figure, form) in columns.items():
            if column.startswith("× "):
                value = None if name == first else ratio(measured, figure, first, name)
            else:
                value = median(runs, figure)
            rows[-1].append("-" if value is None else format(value, form))
    yield from _aligned(rows)
    yield from _remarks(measured)


def _columns(measured: Measured) -> dict[str, tuple[Figure, str]]:
    """What is told of this kind of scenario. A column that begins with × is ours divided by that peer's.

    Where numbers of workers are compared, it is that of the first line divided by that of this one.
    """
    some = next((run for run in measured.runs if run.ok), None)
    resident: dict[str, tuple[Figure, str]] = {"MiB": (lambda run: run.rss_kib / 1024, ".0f")}
    if some is None:
        return {}
    if some.storm_us:
        return {
            "clients/s": (lambda run: run.clients_per_s, ",.0f"),
            "let in p50 ms": (lambda run: run.storm_us["open"]["p50"] / 1000, ",.0f"),
            "first line p50 ms": (lambda run: run.storm_us["first"]["p50"] / 1000, ",.0f"),
            "first line max ms": (lambda run: run.storm_us["first"]["max"] / 1000, ",.0f"),
            "last line max ms": (lambda run: run.storm_us["last"]["max"] / 1000, ",.0f"),
            "CPU ms/client": (lambda run: run.cpu_total * 1000 / run.connections, ".2f"),
            "× clients/s": (lambda run: run.clients_per_s, ".2f"),
            **resident,
        }
    if not some.said:
        return {
            "KiB/connection": (lambda run: run.kib_per_connection, ".1f"),
            "CPU at rest %": (lambda run: run.cpu_share * 100, ".2f"),
            "connections/s": (lambda run: run.connections / run.connect_seconds, ",.0f"),
            **resident,
        }
    return {
        "deliveries/s": (lambda run: run.deliveries_per_s, ",.0f"),
        "messages/s": (lambda run: run.messages_per_s, ",.0f"),
        "CPU µs/delivery": (lambda run: run.cpu_us, ".2f"),
        "p50 ms": (lambda run: run.latency("p50") / 1000, ",.2f"),
        "p99 ms": (lambda run: run.latency("p99") / 1000, ",.2f"),
        "p99.9 ms": (lambda run: run.latency("p999") / 1000, ",.2f"),
        "silence ms": (lambda run: run.silence_us / 1000, ",.1f"),
        **resident,
        "× deliveries/s": (lambda run: run.deliveries_per_s, ".2f"),
        "× CPU": (lambda run: run.cpu_us, ".2f"),
        "CPU main": (lambda run: run.cpu_main / run.window_seconds, ".2f"),
        "CPU serving": (lambda run: run.serving_share, ".2f"),
        "CPU all": (lambda run: run.cpu_share, ".2f"),
        "generator": (lambda run: run.generator_cpu, ".2f"),
        "heard/read": (lambda run: run.deliveries_per_read, ".1f"),
    }


def _remarks(measured: Measured) -> Iterator[str]:
    for run in measured.runs:
        for error in run.errors:
            yield f"    FAILED {run.server}, round {run.round}: {error}"
        for note in run.notes:
            yield f"    {run.server}, round {run.round}: {note}"


def tell_goals(results: Results, keys: list[str]) -> Iterator[str]:
    """Return the goals of these scenarios, what was measured, and whether they are met."""
    rows = [["goal", "", "measured", "limit", ""]]
    for goal in goals(results):
        if goal.scenario in keys:
            told = [
                "-" if value is None else f"{value:,.2f} {goal.unit}" for value in (goal.measured, goal.limit)
            ]
            sign = "≥" if goal.at_least else "≤"
            verdict = {True: "met", False: "NOT MET", None: "not measured"}[goal.met]
            rows.append([f"({goal.scenario})", goal.what, told[0], f"{sign} {told[1]}", verdict])
    if len(rows) > 1:
        yield from _aligned(rows)


def _aligned(rows: list[list[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [
            first.ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)),
        ]
        yield "    " + "  ".join(cells).rstrip()
