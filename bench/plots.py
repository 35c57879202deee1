"""The plots of the documentation: SVG, written by hand, readable on a light and on a dark page."""

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from operator import methodcaller
from pathlib import Path

from bench.medians import Figure, median
from bench.results import Measured, Results
from bench.server import Server

_COLOURS = {
    "chat": "#d1495b",
    "node_ws": "#30638e",
    "node_pg": "#7ba6c9",
    "websockets": "#8a9a5b",
    "gorilla": "#c98f2b",
    "other": "#8d6a9f",
}
_STYLE = """<style>
text { font: 12px sans-serif; fill: #333 } .small { font-size: 11px; fill: #666 } .grid { stroke: #ddd }
.title { font-weight: bold } .page { fill: #fff }
@media (prefers-color-scheme: dark) {
text { fill: #ddd } .small { fill: #aaa } .grid { stroke: #444 } .page { fill: #16181c } }
</style>"""


def draw(results: Results, known: Mapping[str, Server], directory: Path) -> list[Path]:
    """Write a plot of everything that was measured; return the files."""
    drawn = {}
    a, b = results.scenarios.get("a"), results.scenarios.get("b")
    if a is not None:
        drawn["deliveries"] = _bars(
            "Deliveries a second, (a)", a, known, lambda run: run.deliveries_per_s, ",.0f"
        )
        drawn["cpu"] = _bars("Server CPU for a delivery, µs, (a)", a, known, lambda run: run.cpu_us, ".2f")
        drawn["latency"] = _spans("Latency at full load, (a): p50, p99, p99.9", a, known)
    if b is not None:
        drawn["latency-calm"] = _spans("Latency at 100 messages/s, (b): p50, p99, p99.9", b, known)
    growth = {key: measured for key, measured in results.scenarios.items() if key.startswith("growth-")}
    if growth:
        drawn["growth"] = _growth(growth, known)
    directory.mkdir(parents=True, exist_ok=True)
    files = []
    for name, text in drawn.items():
        files.append(directory / f"{name}.svg")
        files[-1].write_text(text, encoding="utf-8")
    return files


def _page(width: int, height: int, parts: Iterator[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
    page = f'<rect class="page" width="{width}" height="{height}"/>'
    return "\n".join([head, _STYLE, page, *parts, "</svg>"]) + "\n"


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'


def _label(name: str, known: Mapping[str, Server]) -> str:
    server = known.get(name)
    return name if server is None else server.title + (", saves" if server.saves else ", saves nothing")


def _footnote(measured: Measured) -> str:
    machine = measured.machine
    rounds = max((run.round for run in measured.runs), default=0)
    return f"{measured.date}, {machine.cores} cores {machine.model}; medians of {rounds}; {measured.title}"


def _bars(title: str, measured: Measured, known: Mapping[str, Server], figure: Figure, form: str) -> str:
    values = {name: median(measured.of(name), figure) or 0.0 for name in measured.servers()}
    longest = max(values.values(), default=0.0) or 1.0

    def parts() -> Iterator[str]:
        yield _text(16, 26, title, "title")
        for place, (name, value) in enumerate(values.items()):
            y = 44 + 28 * place
            size = 380 * value / longest
            yield _text(232, y + 14, _label(name, known), anchor="end")
            yield f'<rect x="240" y="{y}" width="{max(size, 1):.1f}" height="20" fill="{_colour(name)}"/>'
            yield _text(246 + size, y + 14, format(value, form))
        yield _text(16, 62 + 28 * len(values), _footnote(measured), "small")

    return _page(760, 74 + 28 * len(values), parts())


def _spans(title: str, measured: Measured, known: Mapping[str, Server]) -> str:
    """Each server's p50, p99 and p99.9 on one logarithmic axis."""
    quantiles = ("p50", "p99", "p999")
    values = {
        name: [(median(measured.of(name), methodcaller("latency", q)) or 0.0) / 1000 for q in quantiles]
        for name in measured.servers()
        if measured.of(name)
    }
    scale = _Log([value for three in values.values() for value in three], 240, 720)

    def parts() -> Iterator[str]:
        yield _text(16, 26, title, "title")
        bottom = 44 + 28 * len(values)
        for tick in scale.ticks():
            x = scale(tick)
            yield f'<line x1="{x:.1f}" y1="38" x2="{x:.1f}" y2="{bottom}" class="grid"/>'
            yield _text(x, bottom + 14, f"{tick:g} ms", "small", "middle")
        for place, (name, (p50, p99, p999)) in enumerate(values.items()):
            y = 56 + 28 * place
            colour = _colour(name)
            yield _text(232, y + 4, _label(name, known), anchor="end")
            ends = f'x1="{scale(p50):.1f}" y1="{y}" x2="{scale(p999):.1f}" y2="{y}"'
            yield f'<line {ends} stroke="{colour}" stroke-width="3"/>'
            for value, radius in ((p50, 6), (p99, 4.5), (p999, 3)):
                yield f'<circle cx="{scale(value):.1f}" cy="{y}" r="{radius}" fill="{colour}"/>'
        yield _text(16, bottom + 36, _footnote(measured), "small")

    return _page(760, 92 + 28 * len(values), parts())


def _growth(growth: Mapping[str, Measured], known: Mapping[str, Server]) -> str:
    """CPU for a delivery by the number of listeners, a panel for each size of message."""
    points: dict[int, dict[str, list[tuple[int, float]]]] = {}
    for key, measured in growth.items():
        listeners, size = map(int, key.split("-")[1:])
        for name in measured.servers():
            value = median(measured.of(name), lambda run: run.cpu_us)
            if value:
                points.setdefault(size, {}).setdefault(name, []).append((listeners, value))
    everything = [point for lines in points.values() for line in lines.values() for point in line]
    names = list(dict.fromkeys(name for lines in points.values() for name in lines))
    tall = _Log([value for _, value in everything], 330, 60)

    def parts() -> Iterator[str]:
        yield _text(16, 26, "Server CPU for a delivery, µs, as listeners and messages grow", "title")
        for panel, (size, lines) in enumerate(sorted(points.items())):
            left = 60 + 280 * panel
            wide = _Log([listeners for listeners, _ in everything], left, left + 230)
            yield _text(left + 115, 48, f"{size:,} bytes", "small", "middle")
            for tick in tall.ticks():
                yield f'<line x1="{left}" y1="{tall(tick):.1f}" x2="{left + 230}" y2="{tall(tick):.1f}" class="grid"/>'
                yield _text(left - 6, tall(tick) + 4, f"{tick:g}", "small", "end")
            for listeners in sorted({listeners for listeners, _ in everything}):
                yield _text(wide(listeners), 348, f"{listeners:,}", "small", "middle")
            for name, line in lines.items():
                yield from _line([(wide(x), tall(y)) for x, y in sorted(line)], _colour(name))
        for place, name in enumerate(names):
            yield f'<rect x="{60 + 200 * place}" y="364" width="12" height="12" fill="{_colour(name)}"/>'
            yield _text(78 + 200 * place, 374, _label(name, known), "small")
        measured = next(iter(growth.values()))
        yield _text(16, 398, _footnote(measured).partition(";")[0] + "; 10 speakers × 4 in flight", "small")

    return _page(max(80 + 280 * len(points), 80 + 200 * len(names)), 410, parts())


def _line(points: Sequence[tuple[float, float]], colour: str) -> Iterator[str]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>'
    for x, y in points:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'


def _colour(name: str) -> str:
    return _COLOURS.get(name, "#777")


class _Log:
    """A logarithmic axis from `begin` to `end`, in pixels, that has room for all values."""

    def __init__(self, values: Sequence[float], begin: float, end: float) -> None:
        positive = [value for value in values if value > 0] or [1.0]
        self._low, self._high = min(positive) / 1.2, max(positive) * 1.2
        self._begin, self._end = begin, end

    def __call__(self, value: float) -> float:
        share = math.log(max(value, self._low) / self._low) / math.log(self._high / self._low)
        return self._begin + share * (self._end - self._begin)

    def ticks(self) -> list[float]:
        """1, 10, 100 … of what is in sight, with 2 and 5 between them where there is room."""
        powers = range(math.floor(math.log10(self._low)), math.ceil(math.log10(self._high)) + 1)
        steps = (1, 2, 5) if self._high / self._low < 200 else (1,)
        return [
            step * 10.0**power
            for power in powers
            for step in steps
            if self._low <= step * 10.0**power <= self._high
        ]
